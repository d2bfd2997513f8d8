/* SPDX-License-Identifier: MIT */
/* Writes the small networks of the tests into the folder that is its argument. */
#include <torch/script.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <string>

#include "probe_op.hpp"

using torch::jit::Module;

static void save(const std::string &folder, const std::string &name, const std::string &source,
                 const std::function<void(Module &)> &prepare = nullptr,
                 const std::string &task = "features")
{
    Module module(name);
    if (prepare)
        prepare(module);
    module.define(source);
    torch::jit::ExtraFilesMap extra;
    extra["avsvt.yaml"] = "avsvt: 1\nname: " + name +
        "\nrole: extractor\ntask: " + task + "\nlicence: MIT\n";
    module.save(folder + "/" + name + ".pt", extra);
}

static void save_all(const std::string &folder)
{
    save(folder, "double", "def forward(self, x: Tensor) -> Tensor:\n    return x * 2\n");
    save(folder, "identity", "def forward(self, x: Tensor):\n    return x, x[1:]\n");
    save(folder, "in_place", "def forward(self, x: Tensor):\n    return x.add_(1)\n");
    save(folder, "two_inputs",
         "def forward(self, a: Tensor, b: Tensor, scale: float = 1.0):\n"
         "    return (a - b) * scale\n");
    save(folder, "dtypes",
         "def forward(self, f: Tensor, d: Tensor, i: Tensor, l: Tensor, u: Tensor, b: Tensor):\n"
         "    return [f + 1, d + 1, i + 1, l + 1, u + 1, torch.logical_not(b)]\n");
    save(folder, "narrow",
         "def forward(self, x: Tensor):\n"
         "    return x.to(5), x.to(15), x.to(2), x.to(1)\n"); /* half, bfloat16, int16, int8 */
    save(folder, "nested",
         "def forward(self, x: Tensor):\n    return x + 1, [x + 2, x + 3], 7, 2.5, True\n");
    save(folder, "deep", "def forward(self, x: Tensor):\n    return x, (x, (x, (x, x)))\n");
    save(folder, "named",
         "def forward(self, x: Tensor) -> Dict[str, Tensor]:\n"
         "    return {'up': x + 1, 'down': x - 1}\n");
    save(folder, "nothing", "def forward(self, x: Tensor) -> Optional[Tensor]:\n    return None\n");
    save(folder, "infinite",
         "def forward(self, x: Tensor):\n    return x / 0.0, torch.log(-x)\n");
    save(folder, "raises",
         "def forward(self, x: Tensor):\n"
         "    assert x.size(0) <= 3, 'at most three,\\nplease'\n"
         "    return x\n");
    save(folder, "shapes",
         "def forward(self, x: Tensor):\n    return torch.matmul(x, torch.ones(5, 2))\n");
    save(folder, "transposed", "def forward(self, x: Tensor):\n    return x.t()\n");
    save(folder, "huge",
         "def forward(self, x: Tensor):\n"
         "    return torch.ones(1 << 30, 1 << 30)\n");
    save(folder, "starved", /* what a GPU's libraries say */
         "def forward(self, x: Tensor):\n"
         "    assert x.numel() == 0, 'CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling "
         "cublasCreate(handle)'\n"
         "    return x\n");
    save(folder, "complex", "def forward(self, x: Tensor):\n    return torch.complex(x, x)\n");
    save(folder, "no_forward", "def other(self, x: Tensor):\n    return x\n");
    save(folder, "weights",
         "def forward(self, x: Tensor):\n"
         "    return torch.tanh(torch.matmul(x, self.w)) + self.n, self.w\n",
         [](Module &m) {
             m.register_parameter("w", torch::arange(64.0).reshape({8, 8}) / 64, false);
             m.register_buffer("n", torch::ones({8}, torch::kLong));
         });
    save(folder, "counter",
         "def forward(self, x: Tensor):\n"
         "    self.seen += x.sum()\n"
         "    return self.seen\n",
         [](Module &m) { m.register_buffer("seen", torch::zeros({})); });
    save(folder, "threads",
         "def forward(self, x: Tensor):\n"
         "    y = torch.matmul(x, x)\n"
         "    return y, torch.avsvt_test_threads(x)\n");
    save(folder, "grad",
         "def forward(self, x: Tensor):\n    return torch.avsvt_test_grad(x)\n");
}

/* Frames of 320 samples through two layers with a batch normalisation between
 * them, which sees padding too: parts of a batch alone give something else. */
static void save_trained(const std::string &folder)
{
    save(folder, "trained",
         "def forward(self, samples: Tensor) -> Tensor:\n"
         "    frames = samples.size(1) // 320 + 1\n"
         "    x = torch.constant_pad_nd(samples, [0, 320 * frames - samples.size(1)])\n"
         "    x = torch.matmul(x.reshape(samples.size(0), frames, 320), self.first)\n"
         "    x = torch.batch_norm(x.transpose(1, 2), self.scale, self.shift, self.mean, self.var,\n"
         "                         self.training, 0.1, 1e-5, False)\n"
         "    return torch.matmul(torch.relu(x).transpose(1, 2), self.second)\n"
         "def loss(self, samples: Tensor, onset: Tensor, silence: Tensor) -> Tensor:\n"
         "    found = self.forward(samples)\n"
         "    return ((found[:, :, 0] - onset) ** 2).mean() + ((found[:, :, 1] - silence) ** 2).mean()\n",
         [](Module &m) {
             torch::manual_seed(7);
             m.register_parameter("first", torch::randn({320, 6}) / 4, false);
             m.register_parameter("scale", torch::ones({6}), false);
             m.register_parameter("shift", torch::zeros({6}), false);
             m.register_parameter("second", torch::randn({6, 2}) / 2, false);
             m.register_buffer("mean", torch::zeros({6}));
             m.register_buffer("var", torch::ones({6}));
             m.register_attribute("training", c10::BoolType::get(), true);
         }, "embedding");
}

/* The same with matrices so big that gradients go in two buckets, and one that
 * nothing depends on. */
static void save_broad(const std::string &folder)
{
    save(folder, "broad",
         "def forward(self, samples: Tensor) -> Tensor:\n"
         "    frames = samples.size(1) // 320 + 1\n"
         "    x = torch.constant_pad_nd(samples, [0, 320 * frames - samples.size(1)])\n"
         "    x = torch.matmul(x.reshape(samples.size(0), frames, 320), self.first)\n"
         "    x = torch.tanh(torch.matmul(torch.tanh(x), self.second))\n"
         "    return torch.matmul(torch.tanh(torch.matmul(x, self.third)), self.last)\n"
         "def loss(self, samples: Tensor, onset: Tensor, silence: Tensor) -> Tensor:\n"
         "    found = self.forward(samples)\n"
         "    return ((found[:, :, 0] - onset) ** 2).mean() + ((found[:, :, 1] - silence) ** 2).mean()\n",
         [](Module &m) {
             torch::manual_seed(8);
             m.register_parameter("first", torch::randn({320, 540}) / 20, false);
             m.register_parameter("second", torch::randn({540, 540}) / 20, false);
             m.register_parameter("unused", torch::ones({3}), false);
             m.register_parameter("third", torch::randn({540, 540}) / 20, false);
             m.register_parameter("last", torch::randn({540, 2}) / 20, false);
         }, "embedding");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: torch_models FOLDER\n");
        return 2;
    }
    try {
        save_all(argv[1]);
        save_trained(argv[1]);
        save_broad(argv[1]);
        return 0;
    } catch (const std::exception &e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
