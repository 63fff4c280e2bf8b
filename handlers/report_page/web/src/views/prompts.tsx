// The prompt groups of the samples that pass the filter.

import { useMemo } from "preact/hooks";
import { labelOf, placeOf, type Meta } from "../data";
import { Table, type Column } from "../parts/table";
import { Line } from "../parts/texts";
import { toneOf } from "../parts/verdict";
import type { Index } from "../select";
import { update, withSet, type Sort, type State } from "../state";
import type { Selection } from "../statistics/distribution";
import { groupsOf, KINDS, passAtK, type GroupStatistics } from "../statistics/groups";
import { count, decimal, plain, share, words } from "../text";

interface Properties {
  meta: Meta;
  index: Index;
  state: State;
  selection: Selection;
  active: number;
  onActive: (position: number) => void;
}

const DOTS_SHOWN = 32;
const BY: Record<string, (group: GroupStatistics) => number> = {
  group: ({ group }) => group,
  samples: ({ samples }) => samples.length,
  accepted: ({ accepted, rewards }) => accepted / rewards.length,
  mean: ({ mean }) => mean,
  spread: (group) => spreadOf(group),
  best: ({ rewards }) => rewards.at(-1) ?? NaN,
};

export function Prompts({ meta, index, state, selection, active, onActive }: Properties) {
  const { run } = index;
  const sort = state.sort && Object.hasOwn(BY, state.sort.column) ? state.sort : null;
  const rows = useMemo(() => sorted(groupsOf(run, selection), sort), [run, selection, sort?.column, sort?.descending]);
  const columns: Column[] = [
    { name: "group", label: "Prompt", width: "minmax(110px, 2fr)", isNarrow: true, cell: (row) => <Line text={labelOf(meta, rows[row]!.group)} /> },
    { name: "samples", label: "Samples", width: "76px", isNumber: true, cell: (row) => count(rows[row]!.samples.length) },
    { name: "accepted", label: "Accepted", width: "86px", isNumber: true, isNarrow: true, help: "accepted, of the graded samples; also pass@1", cell: (row) => acceptedText(rows[row]!) },
    { name: "mean", label: "Mean", width: "68px", isNumber: true, isNarrow: true, help: "mean reward", cell: (row) => decimal(rows[row]!.mean) },
    { name: "best", label: "Best", width: "68px", isNumber: true, help: "highest reward", cell: (row) => decimal(rows[row]!.rewards.at(-1) ?? NaN) },
    { name: "spread", label: "Spread", width: "76px", isNumber: true, help: "highest minus lowest reward: 0 teaches nothing", cell: (row) => decimal(spreadOf(rows[row]!)) },
    { name: "rewards", label: "Rewards", width: "minmax(90px, 1fr)", isSorted: false, cell: (row) => <Dots index={index} group={rows[row]!} /> },
    { name: "kinds", label: "Remarks", width: "minmax(120px, 1.6fr)", isSorted: false, cell: (row) => <Line text={kindsText(meta, index, rows[row]!)} /> },
  ];
  return (
    <Table
      label="Prompts"
      columns={columns}
      rowCount={rows.length}
      active={active}
      sort={sort}
      onSort={(order: Sort) => update({ sort: order }, { push: false })}
      onActive={onActive}
      onOpen={(position) => {
        const group = rows[position]!;
        update({ view: "samples", filter: withSet(state.filter, "group", [String(group.group)]), sort: null });
      }}
    />
  );
}

function sorted(groups: GroupStatistics[], sort: Sort | null): GroupStatistics[] {
  const by = sort && BY[sort.column];
  if (!by) return groups;
  const sign = sort.descending ? -1 : 1;
  const key = (group: GroupStatistics) => (Number.isNaN(by(group)) ? Infinity : sign * by(group));
  return groups.toSorted((one, other) => (key(one) === key(other) ? 0 : key(one) - key(other)));
}

function spreadOf({ rewards }: GroupStatistics): number {
  return rewards.length > 0 ? rewards.at(-1)! - rewards[0]! : NaN;
}

function acceptedText({ accepted, rewards }: GroupStatistics): string {
  return rewards.length > 0 ? `${accepted}/${rewards.length}` : "–";
}

export function kindName(kind: string): string {
  if (Object.hasOwn(KINDS, kind)) return KINDS[kind as keyof typeof KINDS];
  return plain(words(kind.replace(/^finding:/, "")));
}

function kindsText(meta: Meta, index: Index, { group, rewards, accepted }: GroupStatistics): string {
  const problems = meta.findings.filter((found) => found.group === group).map((found) => `${words(found.kind)}: ${found.problem}; ${found.fix}`);
  const kinds = index.kindsOf(group);
  const isExplained = kinds.includes("easy") || kinds.includes("hard");
  const own = kinds.filter((kind) => Object.hasOwn(KINDS, kind) && !(kind === "equal" && isExplained)).map(kindName);
  const chance = rewards.length >= 2 ? `pass@1 ${share(passAtK(rewards.length, accepted, 1), 0)}` : "";
  return [...problems, ...own, chance].filter(Boolean).join(" · ");
}

// One dot for each sample, at its reward.
function Dots({ index, group }: { index: Index; group: GroupStatistics }) {
  const { run } = index;
  const rewards = run.values("reward");
  const graded = group.samples.filter((sample) => run.isGraded(sample)).slice(0, DOTS_SHOWN);
  const text = `rewards: ${group.rewards.slice(0, DOTS_SHOWN).map((reward) => decimal(reward, 2)).join(", ")}`;
  return (
    <svg class="dots" width="100%" height="16" role="img" aria-label={text}>
      <title>{text}</title>
      <line x1="4%" x2="96%" y1="8" y2="8" />
      {graded.map((sample) => {
        const place = placeOf(index.meta, rewards[sample]!);
        return <circle key={sample} class={toneOf(run.verdict(sample))} cx={`${4 + 92 * place}%`} cy="8" r="4" />;
      })}
    </svg>
  );
}
