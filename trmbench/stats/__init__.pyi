from .across_tasks import (
    Aggregate as Aggregate,
    interquartile_mean as interquartile_mean,
    mean_over_tasks as mean_over_tasks,
    performance_profile as performance_profile,
    probability_of_improvement as probability_of_improvement,
)
from .candidates import (
    RiskCoverage as RiskCoverage,
    pass_at as pass_at,
    risk_coverage as risk_coverage,
    selected_at as selected_at,
    solutions_at as solutions_at,
)
from .cells import (
    CellMoments as CellMoments,
    PairedMoments as PairedMoments,
    average_groups as average_groups,
    lowest_of_groups as lowest_of_groups,
    moments as moments,
    pair_seeds as pair_seeds,
)
from .checkpoints import (
    CheckpointComparison as CheckpointComparison,
    compare_checkpoints as compare_checkpoints,
    mcnemar as mcnemar,
)
from .claims import (
    Claim as Claim,
    exceeds as exceeds,
    exceeds_all as exceeds_all,
)
from .collapse import (
    Outlying as Outlying,
    outlying_seeds as outlying_seeds,
    unseen_failures as unseen_failures,
)
from .comparison import (
    Comparison as Comparison,
    compare as compare,
    compare_all as compare_all,
)
from .curves import (
    Band as Band,
    area_under_curve as area_under_curve,
    at_budget as at_budget,
    bands as bands,
    seed_band as seed_band,
)
from .estimate import (
    Estimate as Estimate,
)
from .intervals import (
    Interval as Interval,
    clopper_pearson as clopper_pearson,
    interval as interval,
    wilson as wilson,
)
from .long_form import (
    Findings as Findings,
    Found as Found,
    Study as Study,
    tidy as tidy,
)
from .looks import (
    looks_level as looks_level,
)
from .multiplicity import (
    holm as holm,
)
from .power import (
    PowerAnalysis as PowerAnalysis,
    StudySize as StudySize,
)
from .prediction import (
    Prediction as Prediction,
    predict as predict,
)
from .puzzles import (
    PuzzleCounts as PuzzleCounts,
    puzzle_table as puzzle_table,
)
from .readers import (
    from_inspect as from_inspect,
    from_lm_eval as from_lm_eval,
)
from .variance import (
    VarianceShares as VarianceShares,
)
from .verdicts import (
    Evidence as Evidence,
    Side as Side,
)
