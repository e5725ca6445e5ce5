# Make samples_*.jsonl: `pip install lm-eval datasets`, then `bash lm_eval_logs.sh`.
# The dummy model guesses among choices, and says "lol"; with another seed it guesses otherwise.
set -eu
here=$PWD
cd "$(mktemp -d)"
for pair in "3 4" "12 5" "8 8" "20 1" "7 6" "9 9"; do
  set -- $pair
  word=$([ "$1" -gt 8 ] && echo lol || echo LOL)
  echo "{\"sum\": \"$1 + $2\\u2028=\", \"choices\": [\"$(($1 + $2))\", \"0\"], \"word\": \"$word\"}"
done > sums.jsonl
common='dataset_path: json
dataset_kwargs: {data_files: {test: sums.jsonl}}
test_split: test
doc_to_text: "{{sum}}"'
cat > choice.yaml << YAML
task: choice
$common
output_type: multiple_choice
doc_to_choice: "{{choices}}"
doc_to_target: 0
metric_list: [{metric: acc}, {metric: acc_norm}]
YAML
cat > word.yaml << YAML
task: word
$common
output_type: generate_until
doc_to_target: "{{word}}"
metric_list: [{metric: exact_match}]
filter_list:
  - {name: as-written, filter: [{function: take_first}]}
  - {name: capitals, filter: [{function: uppercase}, {function: take_first}]}
YAML
for seed in 1 2; do
  lm_eval run --model dummy --tasks choice,word --include_path . --seed $seed --output_path out$seed --log_samples
  cp out$seed/*/samples_choice_*.jsonl "$here/samples_choice_$seed.jsonl"
done
cp out1/*/samples_word_*.jsonl "$here/samples_word_1.jsonl"
