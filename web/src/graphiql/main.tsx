/** GraphiQL on our own API: everything from beside this page, nothing from anywhere else. */

import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";
import { createRoot } from "react-dom/client";
import { Explorer } from "./Explorer.tsx";

const target = document.getElementById("page");
if (!target) throw new Error("The document has no element for the page.");
createRoot(target).render(<Explorer />);
