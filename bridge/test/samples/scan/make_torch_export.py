"""Writes honest archives of torch.export. With PyTorch 2.8 or later, and with an older one:

python make_torch_export.py honest/torch-export.pt2
python make_torch_export.py honest/torch-export-older.pt2
"""

import sys

import torch
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.linear = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2)
        self.register_buffer("scale", torch.ones(2, dtype=torch.float64))
        self.shift = torch.ones(2)

    def forward(self, image, *, mask=None):
        with torch.no_grad():
            image = image * 2
        pooled = torch.relu(self.norm(self.conv(image))).mean((2, 3))
        logits = self.linear(pooled) * self.scale + self.shift + torch.tensor([1.0, 2.0])
        return {"logits": logits if mask is None else logits * mask, "count": image.shape[0]}


torch.manual_seed(0)
program = torch.export.export(
    Model().eval(),
    (torch.randn(2, 1, 8, 8),),
    {"mask": torch.ones(2)},
    dynamic_shapes={"image": {0: torch.export.Dim("batch")}, "mask": None},
)
for module in program.graph_module.modules():
    for node in module.graph.nodes:
        node.meta.pop("stack_trace", None)  # names folders of the machine
torch.export.save(program, sys.argv[1])
