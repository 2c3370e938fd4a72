import { start } from "../shared/start.ts";
import App from "./App.svelte";

start(App);
