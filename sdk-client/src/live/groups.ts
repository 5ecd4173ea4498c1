// A long list as groups of some items, each of which stays the same object until one of its items changes.
//
// Frameworks and browsers go through all children of an element when one of them changes: ten thousand siblings take
// longer than a frame of the screen. In groups it is a hundred of these, and the hundred items of one.
//
// A boundary stays before the item that it was before, so that what comes and goes changes its own group and no other:
//
//     [a b c] [d e f] [g]      a goes, h comes:      [b c] [d e f] [g h]
import { assert } from "@lightcone/abi";
import { haveSameItems } from "./rows-view.ts";

/** Items that follow each other in a list, at least one. */
export interface Group<T> {
  /** Stays while items come and go: the key of the component that shows the group. */
  readonly key: number;
  readonly items: readonly T[];
}

/** What an item is known by however it changes: mostly its primary key. Compared as in a Map. */
export type ItemKey<T> = (item: T) => unknown;

/**
 * `items` in groups of at most `2 * sizeWanted`, with those of `before` that are still right. Any lists will do; if keys
 * occur twice, more groups change than must.
 */
export function regroup<T>(
  items: readonly T[],
  before: readonly Group<T>[],
  keyOf: ItemKey<T>,
  sizeWanted: number,
): readonly Group<T>[] {
  assert(sizeWanted >= 1, "a group has at least one item");
  const groups: Group<T>[] = [];
  let at = 0;
  for (const [place, old] of before.entries()) {
    const group = groupAt(at, items, old, keyOf);
    const end = at + old.items.length;
    // What was appended belongs to the last group.
    const isAppended = place === before.length - 1 && end < items.length;
    if (group === undefined || isAppended) break;
    groups.push(group);
    at = end;
  }
  if (at === items.length) return groups;
  // Further on, items came, went or moved.
  let lastKey = before.reduce((max, { key }) => Math.max(max, key), 0);
  const rest = boundaries(items, at, before.slice(groups.length), keyOf);
  if (rest.length === 0) rest.push({ start: at, group: { key: ++lastKey, items: [] } });
  for (const [place, { start, group }] of rest.entries()) {
    const end = rest[place + 1]?.start ?? items.length;
    const length = end - start > 2 * sizeWanted ? sizeWanted : end - start;
    for (let from = start; from < end; from += length) {
      const part = items.slice(from, Math.min(end, from + length));
      if (from > start) groups.push({ key: ++lastKey, items: part });
      else groups.push(haveSameItems(part, group.items) ? group : { key: group.key, items: part });
    }
  }
  return groups;
}

/** The group as it is if it begins at `at`: itself if nothing changed. Undefined if other items are there. */
function groupAt<T>(
  at: number,
  items: readonly T[],
  group: Group<T>,
  keyOf: ItemKey<T>,
): Group<T> | undefined {
  const { key, items: old } = group;
  if (at + old.length > items.length) return undefined;
  let isSame = true;
  for (let i = 0; i < old.length; i++) {
    const [item, itemBefore] = [items[at + i] as T, old[i] as T];
    if (item === itemBefore) continue;
    if (!Object.is(keyOf(item), keyOf(itemBefore))) return undefined;
    isSame = false;
  }
  return isSame ? group : { key, items: items.slice(at, at + old.length) };
}

interface Boundary<T> {
  readonly start: number;
  readonly group: Group<T>;
}

/** Where groups begin that still have items of theirs in `items[from, ...)`; the first of them begins at `from`. */
function boundaries<T>(
  items: readonly T[],
  from: number,
  groups: readonly Group<T>[],
  keyOf: ItemKey<T>,
): Boundary<T>[] {
  const places = new Map<unknown, number>();
  for (let place = from; place < items.length; place++) places.set(keyOf(items[place] as T), place);
  const found: Boundary<T>[] = [];
  let least = from;
  for (const group of groups) {
    for (const item of group.items) {
      const start = places.get(keyOf(item));
      if (start === undefined || start < least) continue;
      found.push({ start: found.length === 0 ? from : start, group });
      least = start + 1;
      break;
    }
  }
  return found;
}
