import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** Beyond it a statement gains little more. */
const rowsPerStatement = 16;

export interface BulkColumns {
  /** Whose values many rows in succession have in common. */
  shared: readonly string[];
  each: readonly string[];
}

/**
 * Inserts rows sixteen to a statement, which halves the cost of each, and binds what they share only once, since
 * binding is much of what is left. What `add` gathered is written by `flush`.
 */
export class BulkInsert {
  readonly #width: number;
  readonly #one: StatementSync;
  readonly #many: StatementSync;
  readonly #sharedWidth: number;
  /** What is shared, then row after row. */
  #values: SQLInputValue[] = [];

  /** `onConflict` is what follows the rows in SQL. */
  constructor(db: DatabaseSync, table: string, { shared, each }: BulkColumns, onConflict = '') {
    this.#width = each.length;
    this.#sharedWidth = shared.length;
    // Only these have numbers: a parameter with a number is looked up in a list of them at each binding.
    const row = `(${[...shared.map((_, i) => `?${i + 1}`), ...each.map(() => '?')].join(', ')})`;
    const sql = (rows: number): string =>
      `INSERT INTO ${table} (${[...shared, ...each].join(', ')}) VALUES ${Array(rows).fill(row).join(', ')} ${onConflict}`;
    this.#one = db.prepare(sql(1));
    this.#many = db.prepare(sql(rowsPerStatement));
  }

  /** One value for each shared column: for the rows that are added from now on. */
  share(...values: SQLInputValue[]): void {
    let same = this.#values.length > 0;
    for (let i = 0; same && i < values.length; i += 1) same = values[i] === this.#values[i];
    if (same) return;
    this.flush();
    this.#values = values;
  }

  /** One value for each other column, in their order. */
  add(...row: SQLInputValue[]): void {
    for (const value of row) this.#values.push(value);
    if (this.#values.length < this.#sharedWidth + this.#width * rowsPerStatement) return;
    this.#many.run(...this.#values);
    this.#values.length = this.#sharedWidth;
  }

  flush(): void {
    const shared = this.#values.slice(0, this.#sharedWidth);
    for (let at = this.#sharedWidth; at < this.#values.length; at += this.#width)
      this.#one.run(...shared, ...this.#values.slice(at, at + this.#width));
    this.drop();
  }

  /** Forgets what is not written: its transaction was rolled back. */
  drop(): void {
    this.#values.length = Math.min(this.#values.length, this.#sharedWidth);
  }
}
