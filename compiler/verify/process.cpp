// Processes by fork and exec.
#include "compiler/verify/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <sstream>

#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

[[noreturn]] void become(const std::vector<std::string>& argv, const std::string& directory, int output) {
  setpgid(0, 0);
  const int null = open("/dev/null", O_RDONLY);
  if (chdir(directory.c_str()) != 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) _exit(127);
  std::vector<char*> args;
  for (const std::string& a : argv) args.push_back(const_cast<char*>(a.c_str()));
  args.push_back(nullptr);
  execvp(args[0], args.data());
  _exit(127);
}

// Reads until the writer closes or the deadline passes; true when it closed.
bool read_all(int from, int seconds, std::string& text) {
  using clock = std::chrono::steady_clock;
  const auto deadline = clock::now() + std::chrono::seconds(seconds);
  char block[4096];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
    if (left <= 0) return false;
    pollfd wait{from, POLLIN, 0};
    if (poll(&wait, 1, int(left)) == 0) return false;
    const ssize_t n = read(from, block, sizeof block);
    if (n <= 0) return true;
    if (text.size() < 65536) text.append(block, size_t(n));
  }
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& argv, const std::string& directory, int seconds) {
  int ends[2];
  ensure(pipe(ends) == 0, "run_process: no pipe");
  const pid_t child = fork();
  ensure(child >= 0, "run_process: no process");
  if (child == 0) become(argv, directory, ends[1]);
  close(ends[1]);
  ProcessResult result;
  result.timed_out = !read_all(ends[0], seconds, result.output);
  close(ends[0]);
  if (result.timed_out) kill(-child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::vector<std::string> split_words(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool program_exists(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0;
  const char* path = getenv("PATH");
  std::istringstream in(path ? path : "");
  for (std::string folder; std::getline(in, folder, ':');)
    if (access((folder + "/" + name).c_str(), X_OK) == 0) return true;
  return false;
}

}  // namespace thimble::compiler
