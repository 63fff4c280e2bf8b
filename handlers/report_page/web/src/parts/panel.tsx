// A titled part of a view.

import type { ComponentChildren } from "preact";

interface Properties {
  title: string;
  hint?: ComponentChildren;
  wide?: boolean;
  children: ComponentChildren;
}

export function Panel({ title, hint, wide = false, children }: Properties) {
  return (
    <section class={`panel ${wide ? "wide" : ""}`} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {hint !== undefined && <p class="hint">{hint}</p>}
      </header>
      {children}
    </section>
  );
}
