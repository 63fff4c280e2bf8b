// Say in words what a run shows. Each sentence has a filter that shows its samples or prompts.

import { labelOf, type Meta } from "../data";
import type { Index } from "../select";
import { filterOf, NO_FILTER, withRange, type Filter, type View } from "../state";
import { count, counted, decimal, plain, share, signed, words } from "../text";
import { countsOf } from "./distribution";
import { isAllEqual } from "./groups";
import { OUTCOMES, type Outcome } from "./pairs";
import { axisOf, groupsInSteps, onsets, trendsOf, type Axis } from "./trends";

export interface Finding {
  text: string;
  names?: string[]; // of the first prompts
  view: View;
  filter: Filter;
  isUrgent?: boolean;
}

export interface Section {
  title: string;
  findings: Finding[];
  otherwise: string; // what is shown if there are no findings
}

const REASONS_SHOWN = 3;
const PROMPTS_NAMED = 2;
const GOLD = "gold"; // the roles of gold solutions in an audit begin with it

export function sectionsOf(meta: Meta, index: Index): Section[] {
  return meta.kind === "audit" ? sectionsOfAudit(meta, index) : sectionsOfRun(meta, index);
}

// An audit has no model: its samples are gold solutions and programs that should fail.
function sectionsOfAudit(meta: Meta, index: Index): Section[] {
  const found = [...audited(meta, index)];
  return [
    { title: "Which problems are broken?", findings: found.filter(({ isUrgent }) => isUrgent), otherwise: "None: the audit found no error." },
    { title: "What else is remarkable?", findings: found.filter(({ isUrgent }) => !isUrgent), otherwise: "Nothing: no warning and no note." },
    { title: "Which programs pass?", findings: [...roles(meta, index)], otherwise: "Not known." },
  ];
}

function sectionsOfRun(meta: Meta, index: Index): Section[] {
  const sections = [
    {
      title: "Which problems teach nothing?",
      findings: [...equalGroups(index)],
      otherwise: index.groups.some(({ rewards }) => rewards.length >= 2)
        ? "None: the rewards differ in every prompt group."
        : "Not known: no prompt has two graded samples.",
    },
    { title: "Which are broken?", findings: [...broken(meta, index)], otherwise: "None that this report can see." },
    { title: "What did the model get wrong?", findings: [...mistakes(meta, index)], otherwise: "Nothing: every graded sample is accepted." },
  ];
  const watched = [...cheating(meta, index)];
  if (watched.length > 0) sections.push({ title: "Does it cheat?", findings: watched, otherwise: "" });
  const moved = [...moves(index)];
  if (moved.length > 0) sections.unshift({ title: "What changed?", findings: moved, otherwise: "" });
  return sections;
}

function* equalGroups(index: Index): Generator<Finding> {
  const { groups, run, all } = index;
  const several = groups.filter(({ rewards }) => rewards.length >= 2);
  const inSteps = groupsInSteps(run, all).filter(({ rewards }) => rewards.length >= 2);
  const equalInSteps = inSteps.filter(isAllEqual).length;
  if (inSteps.length > several.length && equalInSteps > 0) {
    const text = `${count(equalInSteps)} of ${counted(inSteps.length, "group")} (a prompt in a step) have equal rewards (${share(equalInSteps / inSteps.length)}).`;
    yield { text, view: "trends", filter: NO_FILTER };
  }
  const equal = index.groupsOfKind("equal");
  if (equal.length === 0) return;
  const sizes = [...new Set(equal.map(({ rewards }) => rewards.length))];
  const how = sizes.length === 1 ? `all ${sizes[0]} rewards are equal` : "all rewards of a prompt are equal";
  const [easy, hard] = [index.groupsOfKind("easy").length, index.groupsOfKind("hard").length];
  const finding = prompts(index, `${count(equal.length)} of ${counted(several.length, "prompt")} teach nothing: ${how}.`, "equal");
  yield easy + hard === equal.length ? { ...finding, names: [] } : finding; // the next lines name them
  if (easy > 0) yield prompts(index, `${count(easy)} of them are too easy: every sample is accepted.`, "easy");
  if (hard > 0) yield prompts(index, `${count(hard)} of them are too hard, or broken: no sample is accepted.`, "hard");
}

function* audited(meta: Meta, index: Index): Generator<Finding> {
  const kinds = new Map<string, { severity: string; groups: Set<number> }>();
  for (const { severity, kind, group } of meta.findings) {
    const found = kinds.get(`${severity} ${kind}`) ?? { severity, groups: new Set<number>() };
    kinds.set(`${severity} ${kind}`, { severity, groups: found.groups.add(group) });
  }
  for (const [name, { severity, groups: found }] of kinds) {
    const kind = name.slice(severity.length + 1);
    yield { ...prompts(index, `${counted(found.size, "problem")}: ${plain(words(kind))} (${plain(severity)}).`, `finding:${kind}`), isUrgent: severity === "error" };
  }
}

function* roles(meta: Meta, { run, all }: Index): Generator<Finding> {
  const failing: string[] = [];
  for (const [role, name] of meta.roles.entries()) {
    const members = all.filter((sample) => run.indexOf("role")[sample] === role);
    const accepted = members.filter((sample) => run.isAccepted(sample)).length;
    if (members.length === 0) continue;
    if (accepted === 0 && !name.startsWith(GOLD)) failing.push(String(role));
    else yield { text: `${plain(name, 90)}: ${count(accepted)} of ${count(members.length)} accepted.`, view: "samples", filter: filterOf({ role: [String(role)] }) };
  }
  if (failing.length > 0) yield { text: `${counted(failing.length, "kind")} of trivial programs: none is accepted.`, view: "samples", filter: filterOf({ role: failing }) };
}

function* broken(meta: Meta, index: Index): Generator<Finding> {
  const { run, all } = index;
  const failures = countsOf(run.indexOf("failure"), all, meta.failures.length);
  const failed = (name: string) => failures[meta.failures.indexOf(name)] ?? 0;
  const data = failed("data");
  if (data > 0) {
    const where = index.groupsOfKind("ungraded").length;
    const text = `${counted(data, "sample")} of ${counted(where, "prompt")} cannot be graded: the reference is broken.`;
    yield { ...prompts(index, text, "ungraded"), view: "samples", filter: filterOf({ failure: ["data"] }), isUrgent: true };
  }
  const outages = failed("infrastructure") + failed("time");
  if (outages > 0) {
    const text = `${counted(outages, "sample")} have no reward, because the verifier failed or ran out of time. Score them again.`;
    yield { text, view: "samples", filter: filterOf({ failure: ["infrastructure", "time"] }), isUrgent: true };
  }
  const agree = index.groupsOfKind("agree").length;
  if (agree > 0) {
    const text = `In ${counted(agree, "prompt")}, different programs agree on an answer that the tests reject: the expected answer may be wrong.`;
    yield { ...prompts(index, text, "agree"), isUrgent: true };
  }
  const never = index.groupsOfKind("none_accepted").length;
  if (never > 0) yield prompts(index, `No sample passes in ${counted(never, "prompt")} of four samples or more: check their tests.`, "none_accepted");
  const differs = index.groupsOfKind("differs").length;
  if (differs > 0) yield { ...prompts(index, `In ${counted(differs, "prompt")}, equal programs have different verdicts: the tests depend on chance or time.`, "differs"), isUrgent: true };
  const guessable = index.groupsOfKind("guessable").length;
  if (guessable > 0) yield prompts(index, `The tests of ${counted(guessable, "prompt")} are weak: a single test, or a guess that passes more than half.`, "guessable");
}

function* mistakes(meta: Meta, { run, all }: Index): Generator<Finding> {
  const verdicts = countsOf(run.indexOf("verdict"), all, meta.verdicts.length);
  const wrong = meta.verdicts
    .map((verdict, index) => ({ verdict, number: verdicts[index] ?? 0 }))
    .filter(({ verdict, number }) => number > 0 && verdict !== "accepted" && verdict !== "ungraded")
    .sort((one, other) => other.number - one.number);
  const total = wrong.reduce((sum, { number }) => sum + number, 0);
  const graded = all.filter((sample) => run.isGraded(sample)).length;
  if (total === 0) return;
  const names = wrong.map(({ verdict }) => verdict);
  yield { text: `${count(total)} of ${counted(graded, "graded sample")} fail (${share(total / graded)}).`, view: "samples", filter: filterOf({ verdict: names }) };
  const [first] = wrong;
  if (first) {
    const text = `The most frequent verdict is ${words(first.verdict)}: ${share(first.number / total)} of the failures.`;
    yield { text, view: "samples", filter: filterOf({ verdict: [first.verdict] }) };
  }
  const failed = all.filter((sample) => run.isGraded(sample) && run.verdict(sample) !== "accepted");
  const reasons = countsOf(run.indexOf("reason"), failed, meta.reasons.length);
  const top = reasons
    .map((number, reason) => ({ number, reason }))
    .filter(({ number, reason }) => number > 0 && !names.map(words).includes(meta.reasons[reason] ?? ""))
    .sort((one, other) => other.number - one.number)
    .slice(0, REASONS_SHOWN);
  for (const { number, reason } of top) {
    const text = `${share(number / total)} of the failures: ${plain(meta.reasons[reason] ?? "", 90)}`;
    yield { text, view: "samples", filter: filterOf({ reason: [String(reason)] }) };
  }
}

function* cheating(meta: Meta, { run, all }: Index): Generator<Finding> {
  const axis = axisOf(run);
  const rises = axis ? onsets(trendsOf(meta, run, all, axis)) : [];
  for (const rise of rises) {
    const flag = rise.what === "violations" ? "security_violation" : "constant_like";
    const range = { from: rise.at.from, to: Infinity, closed: true };
    const filter = withRange(filterOf({ flag: [flag] }), axis!, { ...range, to: last(run.values(axis!)) });
    yield { text: onsetText(rise, axis!), view: "samples", filter, isUrgent: true };
  }
  for (const [flag, noun] of [
    ["security_violation", "security violation"],
    ["constant_like", "constant-like answer"],
  ] as const) {
    const number = all.filter((sample) => run.values(flag)[sample]! > 0).length;
    if (number > 0) yield { text: `${counted(number, noun)} (${share(number / run.size)} of the samples).`, view: "samples", filter: filterOf({ flag: [flag] }) };
  }
}

export function onsetText(rise: ReturnType<typeof onsets>[number], axis: Axis): string {
  const what = rise.what === "violations" ? "Security violations" : "Constant-like answers";
  const since = axis === "step" ? `from step ${rise.at.from} on` : "in the course of the run";
  const change = rise.rewardTo - rise.rewardFrom;
  const reward =
    change >= 0.01
      ? `while the mean reward rises from ${decimal(rise.rewardFrom, 2)} to ${decimal(rise.rewardTo, 2)}. This is how reward hacking begins`
      : `the mean reward goes from ${decimal(rise.rewardFrom, 2)} to ${decimal(rise.rewardTo, 2)}`;
  return `${what} rise from ${share(rise.from)} to ${share(rise.to)} ${since}, ${reward}: look at these samples.`;
}

function* moves(index: Index): Generator<Finding> {
  if (!index.pairs) return;
  const changes = index.changes().filter((change) => !Number.isNaN(change));
  if (changes.length === 0) return;
  const mean = changes.reduce((sum, change) => sum + change, 0) / changes.length;
  yield { text: `The mean reward of ${counted(changes.length, "pair")} moved by ${signed(mean)}.`, view: "compare", filter: NO_FILTER };
  const counts = new Map<string, number>();
  for (const sample of index.all) counts.set(index.outcome(sample), (counts.get(index.outcome(sample)) ?? 0) + 1);
  for (const outcome of ["up", "down", "newly_ungraded", "newly_graded"] as Outcome[]) {
    const number = counts.get(outcome) ?? 0;
    if (number > 0) yield { text: `${counted(number, "sample")} ${OUTCOMES[outcome]}.`, view: "compare", filter: filterOf({ moved: [outcome] }) };
  }
}

// Return a finding about the prompts of a kind, with the names of the first ones.
function prompts(index: Index, text: string, kind: string): Finding {
  const groups = index.groupsOfKind(kind);
  const names = groups.slice(0, PROMPTS_NAMED).map(({ group }) => plain(labelOf(index.meta, group)));
  if (groups.length > names.length) names.push(`and ${count(groups.length - names.length)} more`);
  return { text, names, view: "prompts", filter: filterOf({ kind: [kind] }) };
}

function last(values: Float64Array): number {
  return values.reduce((most, value) => (value > most ? value : most), -Infinity);
}
