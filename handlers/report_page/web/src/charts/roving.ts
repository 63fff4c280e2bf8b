// Let the arrow keys move between the marks of a chart, which is one stop of the Tab key.

export function moveFocus(event: KeyboardEvent): void {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const chart = (event.currentTarget as Element | null)?.querySelectorAll<SVGElement | HTMLElement>("[data-mark]");
  if (!step || !chart) return;
  const marks = [...chart];
  const next = marks[marks.indexOf(document.activeElement as HTMLElement) + step];
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}

// Call *action* for the keys that press a button.
export function onPress(action: () => void): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    action();
  };
}
