// Read the report, and show it.

import { options, render } from "preact";
import { App } from "./app";
import { readReport } from "./data";
import { startTheme } from "./theme";

const page = document.getElementById("page")!;

// Draw within the event that changes something, so that the next key meets what it left behind.
options.debounceRendering = (draw) => draw();
startTheme();
readReport().then(
  (report) => {
    page.replaceChildren();
    render(<App report={report} />, page);
    document.documentElement.dataset.ready = "true";
    performance.mark("ready"); // for benchmarks/report_page
  },
  (error: unknown) => {
    const message = document.createElement("p");
    message.className = "waiting";
    message.setAttribute("role", "alert");
    message.textContent = `This report cannot be shown. ${error instanceof Error ? error.message : String(error)}`;
    page.replaceChildren(message);
  },
);
