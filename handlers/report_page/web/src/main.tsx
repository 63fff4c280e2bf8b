// Read the report, and show it.

import { render } from "preact";
import { App } from "./app";
import { readReport } from "./data";
import { startTheme } from "./theme";

const page = document.getElementById("page")!;

startTheme();
readReport().then(
  (report) => {
    page.replaceChildren();
    render(<App report={report} />, page);
    document.documentElement.dataset.ready = "true";
  },
  (error: unknown) => {
    const message = document.createElement("p");
    message.className = "waiting";
    message.setAttribute("role", "alert");
    message.textContent = `This report cannot be shown. ${error instanceof Error ? error.message : String(error)}`;
    page.replaceChildren(message);
  },
);
