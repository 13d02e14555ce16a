"""Makes the honest SentencePiece samples with the real library.

pip install sentencepiece && python make_sentencepiece.py
"""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

import sentencepiece as spm

OUT = Path(__file__).resolve().parent / "honest" / "sentencepiece"
WORDS = [
    "the",
    "model",
    "was",
    "trained",
    "on",
    "words",
    "of",
    "many",
    "kinds",
    "and",
    "served",
    "from",
    "a",
    "cluster",
    "with",
    "canary",
    "rollouts",
    "while",
    "people",
    "watched",
    "numbers",
]


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    shuffled = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        # a model keeps the names of the files that it was made of
        os.chdir(folder)
        Path("corpus.txt").write_text(
            "\n".join(" ".join(shuffled.choices(WORDS, k=9)) for _ in range(2000))
        )
        Path("rules.tsv").write_text("C5\t41\nE9\t65\n2161\t54 65 6C\n")
        # as Llama's tokenizer.model: BPE with bytes for what it does not know
        train(
            "tokenizer",
            model_type="bpe",
            vocab_size=340,
            byte_fallback=True,
            normalization_rule_name="identity",
            split_digits=True,
            pad_id=3,
        )
        # as T5's spiece.model: unigram, with a table of what letters become
        train(
            "spiece",
            model_type="unigram",
            vocab_size=45,
            normalization_rule_tsv="rules.tsv",
            user_defined_symbols=["<extra_id_0>"],
            control_symbols=["<mask>"],
        )
        train(
            "char",
            model_type="char",
            vocab_size=24,
            hard_vocab_limit=False,
            normalization_rule_name="identity",
            self_test_sample_size=3,
        )
        os.chdir(OUT)


def train(name: str, **options: object) -> None:
    spm.SentencePieceTrainer.train(model_prefix=name, input="corpus.txt", minloglevel=2, **options)
    OUT.joinpath(f"{name}.model").write_bytes(Path(f"{name}.model").read_bytes())


if __name__ == "__main__":
    main()
