"""Makes honest samples with PyTorch itself, torchvision and PyTorch Lightning. Small: every
parameter has few numbers.

python -m venv /tmp/v && /tmp/v/bin/pip install torch torchvision pytorch-lightning numpy
/tmp/v/bin/python make_torch.py
"""

from __future__ import annotations

import argparse
import collections
import pickle
import random
import tempfile
import warnings
from pathlib import Path

import joblib
import numpy as np
import torch
from torch import nn

OUT = Path(__file__).resolve().parent / "honest"


def main() -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(1)
    states()
    modules()
    tensors()
    optimisers()
    lightning()
    scripts()
    vision()


def save(name: str, value: object, **how: object) -> None:
    torch.save(value, OUT / f"torch-{name}", **how)


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.BatchNorm1d(2), nn.Linear(2, 1))


def states() -> None:
    model = network()
    save("state.pt", model.state_dict())
    save("pytorch_model.bin", model.half().state_dict())
    save("bfloat16.pth", model.bfloat16().state_dict())
    for protocol in (3, 4, 5):
        save(f"state-{protocol}.pt", network().state_dict(), pickle_protocol=protocol)
    (OUT / "torch-state.pkl").write_bytes(pickle.dumps(network().state_dict(), protocol=4))
    joblib.dump(network().state_dict(), OUT / "torch-state.joblib")
    model = network()
    optimiser = torch.optim.Adam(model.parameters())
    model(torch.ones(4, 3)).sum().backward()
    optimiser.step()
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.1, 10)
    save(
        "checkpoint.tar.pth",
        {
            "epoch": 3,
            "model": model.state_dict(),
            "optimizer": optimiser.state_dict(),
            "scheduler": scheduler.state_dict(),
            "loss": torch.tensor(0.5),
            "best": np.float64(0.25),
            "args": argparse.Namespace(lr=0.1, name="run", layers=[1, 2]),
        },
    )
    save(
        "rng_state.pth",
        {
            "python": random.Random(1).getstate()[0],
            "numpy": np.random.RandomState(1).get_state()[0],
            "cpu": torch.get_rng_state()[:16].clone(),
        },
    )
    save("averaged.pt", torch.optim.swa_utils.AveragedModel(nn.Linear(2, 2)).state_dict())
    save("weight-norm.pt", nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)).state_dict())


def modules() -> None:
    whole = {
        "mlp": network(),
        "cnn": nn.Sequential(
            nn.Conv2d(1, 2, 3),
            nn.BatchNorm2d(2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(2, 2),
        ),
        "lstm": nn.LSTM(2, 2),
        "gru": nn.GRU(2, 1),
        "embedding": nn.Embedding(3, 2, padding_idx=0),
        "attention": nn.MultiheadAttention(2, 1),
        "transformer": nn.TransformerEncoder(nn.TransformerEncoderLayer(2, 1, 2), 1),
        "activations": nn.Sequential(
            nn.GELU(), nn.SiLU(), nn.Tanh(), nn.LeakyReLU(), nn.Softmax(1), nn.PReLU()
        ),
        "norms": nn.Sequential(nn.LayerNorm(2), nn.GroupNorm(1, 2), nn.Dropout(0.1)),
        "lists": nn.ModuleList(
            [nn.ModuleDict({"a": nn.Identity()}), nn.ParameterList([nn.Parameter(torch.ones(1))])]
        ),
        "parallel": nn.DataParallel(nn.Linear(1, 1)),
        "loss": nn.CrossEntropyLoss(),
        "upsample": nn.Sequential(
            nn.ConvTranspose2d(1, 1, 2), nn.Upsample(scale_factor=2), nn.PixelShuffle(1)
        ),
        "quantized": torch.ao.quantization.quantize_dynamic(
            nn.Sequential(nn.Linear(2, 2)), {nn.Linear}, dtype=torch.qint8
        ).state_dict(),
    }
    for name, module in whole.items():
        save(f"module-{name}.pt", module)
    (OUT / "torch-module.pkl").write_bytes(pickle.dumps(nn.Linear(2, 1)))


def tensors() -> None:
    numbers = torch.arange(12.0).reshape(3, 4)
    save(
        "views.pt",
        {
            "whole": numbers,
            "turned": numbers.t(),
            "every-second": numbers[1:, ::2],
            "empty": torch.empty(0, 3),
            "repeated": torch.ones(1).expand(5),
            "one": torch.tensor(3.0),
        },
    )
    plain = (
        "float16",
        "float64",
        "complex64",
        "complex128",
        "int8",
        "uint8",
        "int16",
        "int32",
        "int64",
        "bool",
    )
    save("types.pt", {name: torch.ones(2).to(getattr(torch, name)) for name in plain})
    save(
        "quantized.pt",
        [
            torch.quantize_per_tensor(torch.ones(2, 2), 0.1, 0, torch.qint8),
            torch.quantize_per_channel(
                torch.ones(2, 2), torch.ones(2), torch.zeros(2), 0, torch.quint8
            ),
        ],
    )
    save(
        "words.pt",
        {
            "shape": numbers.shape,
            "type": torch.float32,
            "device": torch.device("cpu"),
            "layout": torch.strided,
            "order": collections.OrderedDict(a=torch.ones(1)),
        },
    )
    save("dataset.pt", torch.utils.data.TensorDataset(torch.ones(2, 1)))
    save("meta.pt", torch.ones(2, device="meta"))
    save("mixed.pt", (torch.ones(2), {"x": np.arange(3)}, "a", [None, True, 1.5]))


def optimisers() -> None:
    for name in ("SGD", "AdamW", "RMSprop", "LBFGS"):
        save(
            f"optim-{name.lower()}.pt",
            getattr(torch.optim, name)([nn.Parameter(torch.ones(1))], lr=0.1),
        )
    save(
        "scheduler.pt",
        torch.optim.lr_scheduler.CosineAnnealingLR(
            torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1), 5
        ).state_dict(),
    )


def lightning() -> None:
    import pytorch_lightning as pl
    from torch.utils.data import DataLoader, TensorDataset

    class Model(pl.LightningModule):
        def __init__(self, rate: float = 0.1, sizes: list | None = None) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = nn.Linear(2, 1)

        def training_step(self, batch, index):
            loss = self.layer(batch[0]).mean()
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            optimiser = torch.optim.Adam(self.parameters(), lr=self.hparams.rate)
            return [optimiser], [torch.optim.lr_scheduler.StepLR(optimiser, 1)]

    with tempfile.TemporaryDirectory() as folder:
        callbacks = [
            pl.callbacks.ModelCheckpoint(dirpath=folder, monitor="loss"),
            pl.callbacks.EarlyStopping("loss"),
        ]
        trainer = pl.Trainer(
            max_epochs=1,
            accelerator="cpu",
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=callbacks,
        )
        trainer.fit(Model(sizes=[1, 2]), DataLoader(TensorDataset(torch.ones(4, 2)), batch_size=2))
        for callback in callbacks:  # the folder differs from run to run
            (
                callback.dirpath,
                callback.best_model_path,
                callback.last_model_path,
                callback.best_k_models,
                callback.kth_best_model_path,
            ) = "checkpoints", "", "", {}, ""
        trainer.save_checkpoint(OUT / "torch-lightning.ckpt")
        trainer.save_checkpoint(OUT / "torch-lightning-weights.ckpt", weights_only=True)


def scripts() -> None:
    """Programs: what `torch.jit` and the mobile interpreter write, from classes whose forward has
    branches, loops and other methods.
    """

    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear, self.norm, self.names = nn.Linear(4, 2), nn.BatchNorm1d(2), ["a", "b"]

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.norm(self.linear(x))
            if y.sum() > 0:
                y = torch.relu(y)
            for _ in self.names:
                y = y + 1
            return y

    model = Small().eval()
    torch.jit.save(torch.jit.script(model), OUT / "torchscript-script.pt")
    torch.jit.save(torch.jit.trace(model, torch.rand(1, 4)), OUT / "torchscript-trace.pt")
    torch.jit.save(
        torch.jit.script(nn.Linear(2, 2)),
        OUT / "torchscript-extra.pt",
        _extra_files={"config.json": '{"a": 1}', "labels.txt": "cat\ndog"},
    )
    torch.jit.script(model)._save_for_lite_interpreter(str(OUT / "torchscript-lite.ptl"))


def vision() -> None:
    import torchvision

    small = torchvision.models.SqueezeNet("1_1")
    resnet = torchvision.models.ResNet(torchvision.models.resnet.BasicBlock, [1, 1, 1, 1])
    for name, model in {"squeezenet": small, "resnet": resnet}.items():
        one = nn.Parameter(torch.ones(1))
        for module in model.modules():
            for key, value in list(module._parameters.items()):
                module._parameters[key] = None if value is None else one
            for key in module._buffers:
                module._buffers[key] = None
        save(f"vision-{name}.pth", model)
    transforms = torchvision.transforms
    save(
        "vision-transforms.pt",
        transforms.Compose(
            [
                transforms.Resize(4),
                transforms.CenterCrop(2),
                transforms.ToTensor(),
                transforms.Normalize([0.5], [0.5]),
            ]
        ),
    )


if __name__ == "__main__":
    main()
