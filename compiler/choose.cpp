// Starts from the least flash and buys instructions with it, the best bargain first.
#include "compiler/choose.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "compiler/cost.hpp"
#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

struct Mode {
  std::string_view name;
  // A form is worth its flash when a kilobyte of it saves this share of the smallest program's instructions.
  double worth;
  // Bytes of code, as estimated, that no bargain may go beyond.
  int64_t code;
};
// Of `speed`, Winograd's weights for 64 channels in a network of 12 million MACs are the least that is still worth it.
constexpr Mode modes[] = {{"speed", 0.0003, 15500}, {"balanced", 0.005, 9000}, {"size", 0.06, 5600}};

// A form of a layer.
struct Form {
  Layer layer;
  double instructions;
  int body;  // index of what it shares with others
  int64_t own;
  std::vector<int> constants;
};

struct Move {
  size_t layer;
  size_t form;
};

std::vector<int> constants_of(const Layer& layer) {
  std::set<int> used;
  for (const Field& f : layer.fields)
    if (const auto* array = std::get_if<Field::Array>(&f.value)) used.insert(array->constant);
  return {used.begin(), used.end()};
}

// Which form each layer has, and what all of it costs.
class Selection {
 public:
  Selection(const Program& program, const Target& target, std::vector<std::vector<Form>> forms,
            std::vector<int64_t> body_bytes)
      : program_(program),
        forms_(std::move(forms)),
        body_bytes_(std::move(body_bytes)),
        chosen_(forms_.size(), 0),
        body_users_(body_bytes_.size()),
        constant_users_(program.constants.size()),
        code_(frame_bytes(program, target)) {
    for (size_t i = 0; i < forms_.size(); ++i) count(forms_[i][0], 1);
  }

  const std::vector<std::vector<Form>>& forms() const { return forms_; }
  size_t chosen(size_t layer) const { return chosen_[layer]; }
  int64_t code() const { return code_; }
  int64_t flash() const { return code_ + weights_; }
  double instructions() const { return instructions_; }

  void apply(const Move& m) {
    count(forms_[m.layer][chosen_[m.layer]], -1);
    chosen_[m.layer] = m.form;
    count(forms_[m.layer][m.form], 1);
  }

 private:
  void count(const Form& form, int sign) {
    instructions_ += sign * form.instructions;
    code_ += sign * form.own;
    if (use(body_users_[size_t(form.body)], sign)) code_ += sign * body_bytes_[size_t(form.body)];
    for (int c : form.constants) {
      const ConstantArray& array = program_.constants[size_t(c)];
      if (use(constant_users_[size_t(c)], sign))
        (array.weights ? weights_ : code_) += sign * int64_t(array.bytes.size());
    }
  }
  // True when the first user came or the last one left.
  static bool use(int& users, int sign) {
    users += sign;
    return sign > 0 ? users == 1 : users == 0;
  }

  const Program& program_;
  std::vector<std::vector<Form>> forms_;
  std::vector<int64_t> body_bytes_;
  std::vector<size_t> chosen_;
  std::vector<int> body_users_, constant_users_;
  int64_t code_ = 0, weights_ = 0;
  double instructions_ = 0;
};

// What a set of moves changes.
struct Bargain {
  std::vector<Move> moves;
  int64_t flash = 0, code = 0;
  double saved = 0;
  // Instructions for a byte; what costs no flash comes first.
  double rate() const { return flash > 0 ? saved / double(flash) : std::numeric_limits<double>::infinity(); }
};

// Moves made to see what they change, and taken back.
class Trial {
 public:
  explicit Trial(Selection& selection)
      : selection_(selection),
        flash_(selection.flash()),
        code_(selection.code()),
        instructions_(selection.instructions()) {}
  ~Trial() {
    for (size_t i = back_.size(); i-- > 0;) selection_.apply(back_[i]);
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  void move(const Move& m) {
    back_.push_back({m.layer, selection_.chosen(m.layer)});
    moves_.push_back(m);
    selection_.apply(m);
  }
  Bargain bargain() const {
    return {moves_, selection_.flash() - flash_, selection_.code() - code_, instructions_ - selection_.instructions()};
  }

 private:
  Selection& selection_;
  int64_t flash_, code_;
  double instructions_;
  std::vector<Move> moves_, back_;
};

// All changes of one layer, and, since a body is paid for once, for each body the layers that could use it: the best
// few of them first, one more at a time. While `consider` looks at a bargain, `selection` has made it.
template <class Consider>
void for_each_bargain(Selection& selection, Consider consider) {
  std::map<int, std::vector<Bargain>> by_body;
  for (size_t i = 0; i < selection.forms().size(); ++i)
    for (size_t f = 0; f < selection.forms()[i].size(); ++f) {
      if (f == selection.chosen(i)) continue;
      Trial trial(selection);
      trial.move({i, f});
      const Bargain one = trial.bargain();
      consider(one);
      by_body[selection.forms()[i][f].body].push_back(one);
    }
  for (auto& [body, singles] : by_body) {
    if (singles.size() < 2) continue;
    std::stable_sort(singles.begin(), singles.end(),
                     [](const Bargain& a, const Bargain& b) { return a.rate() > b.rate(); });
    Trial trial(selection);
    std::set<size_t> moved;
    for (const Bargain& one : singles) {
      if (!moved.insert(one.moves[0].layer).second) continue;
      trial.move(one.moves[0]);
      if (moved.size() > 1) consider(trial.bargain());
    }
  }
}

void take(Selection& selection, const Bargain& bargain) {
  for (const Move& m : bargain.moves) selection.apply(m);
}

// Down to where no change takes less flash.
void shrink(Selection& selection) {
  for (;;) {
    Bargain best;
    for_each_bargain(selection, [&](const Bargain& b) {
      if (b.flash < best.flash || (b.flash == best.flash && b.saved > best.saved)) best = b;
    });
    if (best.moves.empty()) return;
    take(selection, best);
  }
}

void spend(Selection& selection, const Mode& mode, int64_t flash) {
  const double worth = mode.worth * selection.instructions() / 1024;
  for (;;) {
    Bargain best;
    const int64_t code_now = selection.code(), flash_now = selection.flash();
    for_each_bargain(selection, [&](const Bargain& b) {
      if (b.saved <= 0 || b.rate() < worth) return;
      if (b.code > 0 && code_now + b.code > mode.code) return;
      if (b.flash > 0 && flash >= 0 && flash_now + b.flash > flash) return;
      if (best.moves.empty() || b.rate() > best.rate() || (b.rate() == best.rate() && b.saved > best.saved)) best = b;
    });
    if (best.moves.empty()) return;
    take(selection, best);
  }
}

// The forms that `options` leave open.
std::vector<Layer> open_forms(const Alternatives& alternatives, const ChoiceOptions& options) {
  std::vector<Layer> forms;
  for (size_t a = 0; a < alternatives.size(); ++a) {
    if (options.alternative && a != std::min(*options.alternative, alternatives.size() - 1)) continue;
    const bool has_shape = !alternatives[a].shape_struct.empty();
    for (bool specialised : {false, true}) {
      if (specialised && !has_shape) continue;
      if (options.specialise && has_shape && specialised != *options.specialise) continue;
      forms.push_back(alternatives[a]);
      forms.back().specialised = specialised;
      forms.back().alternatives = int(alternatives.size());
    }
  }
  return forms;
}

void drop_unread_constants(Program& program) {
  std::vector<int> place(program.constants.size(), -1);
  std::vector<ConstantArray> kept;
  const auto each_array = [&](auto visit) {
    for (Layer& layer : program.layers)
      for (Field& f : layer.fields)
        if (auto* array = std::get_if<Field::Array>(&f.value)) visit(array->constant);
  };
  each_array([&](int c) { place[size_t(c)] = 0; });
  for (size_t c = 0; c < place.size(); ++c) {
    if (place[c] < 0) continue;
    place[c] = int(kept.size());
    kept.push_back(std::move(program.constants[c]));
  }
  program.constants = std::move(kept);
  each_array([&](int& c) { c = place[size_t(c)]; });
}

}  // namespace

std::optional<Optimize> optimize_named(std::string_view name) {
  for (size_t i = 0; i < std::size(modes); ++i)
    if (modes[i].name == name) return Optimize(i);
  return {};
}

void choose(Program& program, std::vector<Alternatives> layers, const Target& target, const ChoiceOptions& options) {
  std::map<std::string, int> bodies;
  std::vector<int64_t> body_bytes;
  std::vector<std::vector<Form>> forms;
  for (const Alternatives& alternatives : layers) {
    forms.emplace_back();
    for (Layer& layer : open_forms(alternatives, options)) {
      const CodePiece piece = body_of(layer, target);
      const auto [at, is_new] = bodies.emplace(piece.name, int(body_bytes.size()));
      if (is_new) body_bytes.push_back(piece.bytes);
      const double instructions = estimated_instructions(program, layer, target);
      const int64_t own = own_bytes(layer);
      std::vector<int> constants = constants_of(layer);
      forms.back().push_back({std::move(layer), instructions, at->second, own, std::move(constants)});
    }
  }
  Selection selection(program, target, std::move(forms), std::move(body_bytes));
  shrink(selection);
  spend(selection, modes[size_t(options.optimize)], options.flash);
  for (size_t i = 0; i < layers.size(); ++i) program.layers.push_back(selection.forms()[i][selection.chosen(i)].layer);
  drop_unread_constants(program);
}

}  // namespace thimble::compiler
