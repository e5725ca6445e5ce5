from .conform import (
    assert_model_conforms as assert_model_conforms,
    assert_optimizer_conforms as assert_optimizer_conforms,
    assert_runner_conforms as assert_runner_conforms,
    assert_task_conforms as assert_task_conforms,
)
from .conformance import (
    ConformanceError as ConformanceError,
    Finding as Finding,
)
from .running import (
    run_one as run_one,
    visible_plugin as visible_plugin,
)
from .step import (
    begin as begin,
    step as step,
)
from .toy import (
    TOY_MODEL as TOY_MODEL,
    TOY_TASK as TOY_TASK,
)
