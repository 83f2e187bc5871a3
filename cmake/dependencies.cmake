# Finds what Thimble builds with. ONNX comes from its source archive, built once outside the checkout.
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
