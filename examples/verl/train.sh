#!/bin/sh
# GRPO with verl on the rows of prepare.py; the last argument is where our reward is plugged in.
#   python prepare.py rows.jsonl && sh train.sh
set -eu
python -m verl.trainer.main_ppo \
    algorithm.adv_estimator=grpo \
    data.train_files=train.parquet \
    data.val_files=train.parquet \
    data.max_prompt_length=1024 \
    data.max_response_length=2048 \
    actor_rollout_ref.model.path=Qwen/Qwen2.5-Coder-0.5B-Instruct \
    actor_rollout_ref.rollout.name=vllm \
    actor_rollout_ref.rollout.n=8 \
    reward.custom_reward_function.path=pkg://nova_code_verifier.adapters.verl \
    reward.custom_reward_function.name=compute_score \
    "$@"
