from .models import (
    Context as Context,
    Draw as Draw,
    RecursiveModel as RecursiveModel,
    Solver as Solver,
    Step as Step,
    StepOutput as StepOutput,
)
from .offers import (
    BaseCell as BaseCell,
    ModelSpec as ModelSpec,
    NoOptions as NoOptions,
    Preset as Preset,
    ReferenceWeights as ReferenceWeights,
    RunnerFlag as RunnerFlag,
    RunnerSpec as RunnerSpec,
    TaskSample as TaskSample,
    TaskSpec as TaskSpec,
)
from .optimizers import (
    OptimizerSpec as OptimizerSpec,
    Weight as Weight,
)
from .puzzles import (
    IGNORED_LABEL as IGNORED_LABEL,
    Answers as Answers,
    Batch as Batch,
    Predictions as Predictions,
    PuzzleTable as PuzzleTable,
    Question as Question,
    Scores as Scores,
    Task as Task,
    TaskInfo as TaskInfo,
    Votes as Votes,
)
from .ranges import (
    setting as setting,
)
from .self_training import (
    SelfTraining as SelfTraining,
    Session as Session,
    TrainingData as TrainingData,
)
from .text import (
    read_cells as read_cells,
)
from .trials import (
    Runner as Runner,
    Trial as Trial,
    TrialEvent as TrialEvent,
    TrialResult as TrialResult,
    row_name as row_name,
)
