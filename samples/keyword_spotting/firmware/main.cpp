// Runs the keyword model on 24 recorded words and prints what it heard.
#include "board.h"
#include "count.h"
#include "kws.hpp"
#include "utterances.hpp"

namespace {

constexpr const char* words[] = {"Down", "Go", "Left", "No", "Off", "On", "Right", "Stop", "Up", "Yes", "Silence", "Unknown"};

kws::Model model;

int loudest(const int8_t (&scores)[12]) {
  int best = 0;
  for (int i = 1; i < 12; ++i)
    if (scores[i] > scores[best]) best = i;
  return best;
}

}  // namespace

int main() {
  uint32_t right = 0, total = 0;
  for (const Utterance& spoken : utterances) {
    for (int i = 0; i < 490; ++i) model.input()[i] = spoken.features[i];
    if (total == 0) board_stack_paint();
    board_count_begin();
    model.run();
    board_count_end();
    if (total == 0) board_print_number("stack", board_stack_used());
    const int heard = loudest(model.output());
    board_print("said ");
    board_print(words[spoken.word]);
    board_print(", heard ");
    board_print(words[heard]);
    board_print(heard == spoken.word ? "\n" : "  (wrong)\n");
    right += heard == spoken.word;
    ++total;
  }
  board_print_number("right", right);
  board_print_number("of", total);
  board_print_number("arena", kws::Model::arena_bytes);
  return right * 4 >= total * 3 ? 0 : 1;
}
