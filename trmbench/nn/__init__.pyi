from .embedding import (
    InputEmbedding as InputEmbedding,
    PuzzleEmbedding as PuzzleEmbedding,
)
from .flops import (
    ForwardFlops as ForwardFlops,
    heads_flops as heads_flops,
    network_flops as network_flops,
)
from .layers import (
    Attention as Attention,
    Block as Block,
    Network as Network,
    Stack as Stack,
    SwiGLU as SwiGLU,
    TokenMixing as TokenMixing,
)
from .linear import (
    Linear as Linear,
    TokenEmbedding as TokenEmbedding,
    truncated_normal as truncated_normal,
)
from .model import (
    PuzzleModel as PuzzleModel,
)
from .norm import (
    rms_norm as rms_norm,
)
from .options import (
    NetworkOptions as NetworkOptions,
    RecursionOptions as RecursionOptions,
)
