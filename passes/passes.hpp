// The passes. What each rewrites is the head comment of its file; pipeline.cpp says in which order they run, and why.
#pragma once
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

using ReportLines = std::vector<std::string>;

void absorb_quantization(Graph&, ReportLines&);
void cancel_requantization(Graph&, ReportLines&);
void constant_channels(Graph&, ReportLines&);
void common_subexpressions(Graph&, ReportLines&);
void drop_clamps(Graph&, ReportLines&);
void fuse_tables(Graph&, ReportLines&);
void fold_affine(Graph&, ReportLines&);
void fold_all_constants(Graph&, ReportLines&);
void fold_constants(Graph&, ReportLines&);
void fold_pad(Graph&, ReportLines&);
void fuse_clamp(Graph&, ReportLines&);
void merge_moves(Graph&, ReportLines&);
void move_dequantize(Graph&, ReportLines&);
void move_quantize(Graph&, ReportLines&);
void remove_noops(Graph&, ReportLines&);

}  // namespace thimble::compiler
