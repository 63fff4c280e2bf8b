// Pair the samples of two runs by their ids, and say what became of each reward.

import type { Run } from "../data";

// The names are in addresses: they must stay.
export const OUTCOMES = {
  up: "moved up",
  down: "moved down",
  same: "same",
  newly_graded: "newly graded",
  newly_ungraded: "newly ungraded",
  ungraded: "ungraded in both",
  only_here: "only in this run",
} as const;

export type Outcome = keyof typeof OUTCOMES;

export interface Pairs {
  // For each sample of run 0 and of run 1: its pair in the other run, or -1.
  partner: [Int32Array, Int32Array];
  outcomes: [Outcome[], Outcome[]];
}

export function pairsOf(old: Run, now: Run): Pairs {
  const waiting = new Map<string, number[]>();
  for (let sample = old.size - 1; sample >= 0; sample -= 1) {
    const key = keyOf(old.ids[sample]);
    const samples = waiting.get(key);
    if (samples) samples.push(sample);
    else waiting.set(key, [sample]);
  }
  const partner: Pairs["partner"] = [new Int32Array(old.size).fill(-1), new Int32Array(now.size).fill(-1)];
  const outcomes: Pairs["outcomes"] = [new Array<Outcome>(old.size).fill("only_here"), new Array<Outcome>(now.size).fill("only_here")];
  for (let sample = 0; sample < now.size; sample += 1) {
    const pair = waiting.get(keyOf(now.ids[sample]))?.pop();
    if (pair === undefined) continue;
    partner[0][pair] = sample;
    partner[1][sample] = pair;
    outcomes[0][pair] = outcomes[1][sample] = outcomeOf(old, pair, now, sample);
  }
  return { partner, outcomes };
}

// Texts and other values are never equal: "1" is not 1.
function keyOf(id: unknown): string {
  return typeof id === "string" ? `text ${id}` : `value ${JSON.stringify(id)}`;
}

function outcomeOf(old: Run, before: number, now: Run, after: number): Outcome {
  const [was, is] = [old.isGraded(before), now.isGraded(after)];
  if (!was) return is ? "newly_graded" : "ungraded";
  if (!is) return "newly_ungraded";
  const change = now.values("reward")[after]! - old.values("reward")[before]!;
  return change === 0 ? "same" : change > 0 ? "up" : "down";
}
