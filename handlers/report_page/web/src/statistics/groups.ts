// Statistics of prompt groups: which are all equal, pass@k, best of k.

import type { AuditFinding, Run } from "../data";
import type { Selection } from "./distribution";

// What is remarkable about a prompt group. The names are in addresses: they must stay.
export const KINDS = {
  equal: "all rewards equal",
  easy: "too easy: all equal and accepted",
  hard: "too hard, or broken: all equal, none accepted",
  none_accepted: "none accepted",
  agree: "wrong answers agree",
  ungraded: "reference broken",
  outage: "not graded by an outage",
  differs: "equal programs judged differently",
  guessable: "a guess passes",
} as const;

const GUESSABLE_SHARE = 0.5;
const MANY = 4; // so many failures of one prompt are hardly chance

export interface GroupStatistics {
  group: number;
  samples: number[];
  rewards: number[]; // of the graded samples, sorted
  accepted: number;
  mean: number;
}

export function isAllEqual(group: GroupStatistics): boolean {
  return group.rewards.length >= 2 && group.rewards[0] === group.rewards.at(-1);
}

// Return the statistics of each group that has samples in *selection*, in the order of the groups.
export function groupsOf(run: Run, selection: Selection): GroupStatistics[] {
  const members = new Map<number, number[]>();
  const indexes = run.indexOf("group");
  for (const sample of selection) {
    const group = indexes[sample]!;
    const samples = members.get(group);
    if (samples) samples.push(sample);
    else if (group >= 0) members.set(group, [sample]);
  }
  const groups = [...members].map(([group, samples]) => statisticsOf(run, group, samples));
  return groups.sort((one, other) => one.group - other.group);
}

function statisticsOf(run: Run, group: number, samples: number[]): GroupStatistics {
  const values = run.values("reward");
  const rewards: number[] = [];
  let [accepted, sum] = [0, 0];
  for (const sample of samples) {
    if (!run.isGraded(sample)) continue;
    rewards.push(values[sample]!);
    sum += values[sample]!;
    if (run.isAccepted(sample)) accepted += 1;
  }
  rewards.sort((one, other) => one - other);
  return { group, samples, rewards, accepted, mean: rewards.length > 0 ? sum / rewards.length : NaN };
}

// Return what is remarkable about each group: some of `KINDS`, and `finding:…` for what an audit found.
export function kindsOfGroups(run: Run, groups: readonly GroupStatistics[], findings: readonly AuditFinding[]): Map<number, string[]> {
  const kinds = new Map(groups.map((group) => [group.group, new Set(kindsOf(run, group))]));
  for (const { group, kind } of findings) kinds.get(group)?.add(`finding:${kind}`);
  return new Map([...kinds].map(([group, names]) => [group, [...names]]));
}

function kindsOf(run: Run, group: GroupStatistics): string[] {
  const { samples, rewards, accepted } = group;
  const equal = isAllEqual(group);
  const failures = new Set(samples.map((sample) => run.failure(sample)));
  const [totals, guesses] = [run.values("tests_total"), run.values("guess_baseline")];
  const isSingleTest = rewards.length > 0 && samples.every((sample) => totals[sample] === 1);
  const holds: Record<keyof typeof KINDS, boolean> = {
    equal,
    easy: equal && accepted === rewards.length,
    hard: equal && accepted === 0,
    none_accepted: rewards.length >= MANY && accepted === 0,
    agree: accepted === 0 && agreesOnWrongAnswers(run, group),
    ungraded: failures.has("data"),
    outage: failures.has("infrastructure") || failures.has("time"),
    differs: isJudgedDifferently(run, samples),
    guessable: isSingleTest || samples.some((sample) => guesses[sample]! > GUESSABLE_SHARE),
  };
  return Object.entries(holds).flatMap(([kind, isSo]) => (isSo ? [kind] : []));
}

// Whether at least half of the programs, several different ones, have the same wrong answers. Constant ones agree by chance.
function agreesOnWrongAnswers(run: Run, { samples, rewards }: GroupStatistics): boolean {
  const constant = run.values("constant_like");
  const byAnswers = new Map<string, { size: number; programs: Set<string> }>();
  for (const sample of samples) {
    const key = run.answersKey(sample);
    if (!key || constant[sample]! > 0) continue;
    const same = byAnswers.get(key) ?? { size: 0, programs: new Set() };
    byAnswers.set(key, { size: same.size + 1, programs: same.programs.add(run.programKey(sample)) });
  }
  return [...byAnswers.values()].some(({ size, programs }) => size >= Math.max(MANY, rewards.length / 2) && programs.size >= 2);
}

function isJudgedDifferently(run: Run, samples: number[]): boolean {
  const verdicts = new Map<string, string>();
  return samples.some((sample) => {
    const key = run.programKey(sample);
    if (!key || !run.isGraded(sample)) return false;
    const verdict = run.verdict(sample);
    const before = verdicts.get(key) ?? verdict;
    verdicts.set(key, before);
    return before !== verdict;
  });
}

// Return the probability that at least one of k samples is accepted, of n with c accepted ones.
export function passAtK(n: number, c: number, k: number): number {
  if (n - c < k) return 1;
  let none = 1;
  for (let index = n - c + 1; index <= n; index += 1) none *= 1 - k / index;
  return 1 - none;
}

// Return the expected largest reward of k samples, drawn without replacement from *sorted* rewards.
export function bestOfK(sorted: readonly number[], k: number): number {
  let weight = k / sorted.length;
  let sum = 0;
  for (let index = sorted.length; index >= k; index -= 1) {
    sum += weight * sorted[index - 1]!;
    weight *= (index - k) / (index - 1);
  }
  return sum;
}

export interface AtK {
  k: number;
  groups: number;
  pass: number;
  best: number;
}

// Return pass@k and best of k for k = 1, 2, 4, … and the largest k that a group has.
export function tableOfK(groups: readonly GroupStatistics[]): AtK[] {
  const largest = groups.reduce((size, group) => Math.max(size, group.rewards.length), 0);
  const ks = [];
  for (let k = 1; k < largest; k *= 2) ks.push(k);
  if (largest > 0) ks.push(largest);
  return ks.map((k) => {
    const enough = groups.filter((group) => group.rewards.length >= k);
    const mean = (of: (group: GroupStatistics) => number) => enough.reduce((sum, group) => sum + of(group), 0) / enough.length;
    return {
      k,
      groups: enough.length,
      pass: mean((group) => passAtK(group.rewards.length, group.accepted, k)),
      best: mean((group) => bestOfK(group.rewards, k)),
    };
  });
}
