// All samples that pass the filter.

import type { Meta } from "../data";
import type { Index } from "../select";
import { Table } from "../parts/table";
import { sampleColumns } from "../parts/samples_table";
import { update, type Sort } from "../state";

interface Properties {
  meta: Meta;
  index: Index;
  rows: Uint32Array; // samples, sorted
  sort: Sort | null;
  active: number;
  onActive: (position: number) => void;
}

export function Samples({ meta, index, rows, sort, active, onActive }: Properties) {
  return (
    <Table
      label="Samples"
      columns={sampleColumns(meta, index, rows)}
      rowCount={rows.length}
      active={active}
      sort={sort}
      onSort={(order) => update({ sort: order }, { push: false })}
      onActive={onActive}
      onOpen={(position) => {
        onActive(position);
        update({ open: rows[position]! });
      }}
    />
  );
}
