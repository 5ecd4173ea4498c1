// Unit: the value of no content, such as that of a variant without payload.

/** No content; it takes no bytes. */
export class Unit {}

/** The one value of Unit that is ever needed. */
export const unit: Unit = new Unit();
