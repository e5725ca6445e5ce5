"""The conformance kit: what an author of a plugin calls from his tests.

`assert_model_conforms`, `assert_task_conforms`, `assert_optimizer_conforms` and
`assert_runner_conforms` check a spec against the contracts of `trmbench.spec` and say what is wrong
with an example. Names are loaded when they are first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
