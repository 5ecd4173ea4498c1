// A growable list of row ids: what scans fill, reused from call to call.

export class RowIds {
  ids: Int32Array = new Int32Array(64);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  push(row: number): void {
    if (this.count === this.ids.length) {
      const next = new Int32Array(this.count * 2);
      next.set(this.ids);
      this.ids = next;
    }
    this.ids[this.count++] = row;
  }

  /** Takes the ids of another list in place of its own. */
  copyFrom(other: RowIds): void {
    if (this.ids.length < other.count) this.ids = new Int32Array(other.ids.length);
    for (let i = 0; i < other.count; i++) this.ids[i] = other.at(i);
    this.count = other.count;
  }

  at(position: number): number {
    return this.ids[position] as number;
  }
}
