// What stands in a field of type T that holds no value.

/** Zero bits as a T. A reference so made must never be used. */
export function absent<T>(): T {
  if (isReference<T>()) return changetype<T>(0);
  return <T>0;
}
