/** Puts a page into its document. */

import "./base.css";
import { mount, type Component } from "svelte";

export function start(page: Component): void {
  const target = document.getElementById("page");
  if (!target) throw new Error("The document has no element for the page.");
  mount(page, { target });
}
