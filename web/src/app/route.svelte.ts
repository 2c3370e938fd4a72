/** Which screen is open: `#/jobs?search=…`, behind the hash because no server needs to know. */

class Route {
  private hash = $state(location.hash);
  /** Such as ["jobs", "SW5zcGVjdGlvbjox"]. */
  readonly parts = $derived(
    pathOf(this.hash)
      .split("/")
      .filter((part) => part !== "")
      .map(decodeURIComponent),
  );
  readonly query = $derived(new URLSearchParams(this.hash.split("?")[1] ?? ""));
  /** Grows with each move; the first screen is 0. */
  moves = $state(0);

  constructor() {
    addEventListener("hashchange", () => {
      if (pathOf(this.hash) !== pathOf(location.hash)) this.moves += 1;
      this.hash = location.hash;
    });
  }

  /** Changes the address's query in place: no step of the browser's history, no move. */
  ask(query: Record<string, string | null>): void {
    const asked = new URLSearchParams(this.query);
    for (const [name, value] of Object.entries(query)) {
      if (value) asked.set(name, value);
      else asked.delete(name);
    }
    this.hash = `#${pathOf(this.hash)}${asked.size > 0 ? `?${asked}` : ""}`;
    history.replaceState(null, "", this.hash);
  }
}

function pathOf(hash: string): string {
  return hash.slice(1).split("?")[0] ?? "";
}

export const route = new Route();

export function to(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

export function go(...parts: string[]): void {
  location.hash = to(...parts);
}
