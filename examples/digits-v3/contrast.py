"""Version 3.0.0: stretches the contrast of each picture before it is read.

It has a bug that no example shows and only traffic finds: a blank picture has no contrast, and the
request fails.
"""

import numpy as np
import serve


class StretchedModel(serve.Model):
    version = "3.0.0"

    def __init__(self, path: serve.Path) -> None:
        super().__init__(path)
        self.version = StretchedModel.version

    def infer(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """pixels [n,64] of 0..16 → digits [n], probabilities [n,10]"""
        darkest, lightest = pixels.max(axis=1, keepdims=True), pixels.min(axis=1, keepdims=True)
        with np.errstate(invalid="raise"):
            return super().infer((pixels - lightest) / (darkest - lightest) * serve.PIXEL_MAX)


serve.Model = StretchedModel

if __name__ == "__main__":
    serve.main()
