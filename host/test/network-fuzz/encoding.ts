// Drafts as templates of each protocol.
import {
  assert,
  type V1ClientMessage,
  writeCallProcedure,
  writeCallReducer,
  writeOneOffQuery,
  Writer,
  writeSubscribe,
  writeUnsubscribe,
  writeV1ClientMessage,
} from "@lightcone/abi";
import type { CallDraft, Draft } from "./drafts.ts";
import type { Hole, HoleKind, IdForm, Reach, Template } from "./template.ts";

/** Stands for the number of a request, and for that of a subscription, until chance puts another one there. */
const idMark = 2_718_281_828;
const setMark = 0xf1f2f3f4;

const utf8 = new TextEncoder();

function u32Bytes(value: number): Uint8Array {
  const writer = new Writer(4);
  writer.u32(value);
  return writer.finish();
}

/** Where a text or bytes stand in a message; -1 where they do not. */
function find(bytes: Uint8Array, what: Uint8Array | string): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(what);
}

function mustFind(bytes: Uint8Array, what: Uint8Array | string): number {
  const at = find(bytes, what);
  assert(at >= 0, "a mark is not in its message");
  return at;
}

function reachOf(draft: Draft): Reach {
  return draft.kind === "call" ? draft.reach : draft.kind;
}

class HoleFinder {
  readonly #bytes: Uint8Array;
  readonly #isText: boolean;
  readonly holes: Hole[] = [];

  constructor(bytes: Uint8Array, isText: boolean) {
    this.#bytes = bytes;
    this.#isText = isText;
  }

  add(what: Uint8Array | string, kind: HoleKind): void {
    if (what.length === 0) return;
    const at = mustFind(this.#bytes, what);
    this.holes.push({ at, length: what.length, kind, isText: this.#isText });
  }

  /** A text whose characters may change, if it stands in the message as it is and is of one byte each. */
  addText(text: string): void {
    if (text !== "" && /^[\x20-\x7e]*$/.test(text)) this.add(text, "ascii");
  }
}

function addHoles(finder: HoleFinder, draft: Draft, isText: boolean): void {
  switch (draft.kind) {
    case "call":
      if (draft.isNameOpen) finder.addText(draft.name);
      for (const { bytes, digits, kind } of draft.open) {
        if (!isText) finder.add(bytes, kind);
        // Text that is any bytes would not be text.
        else finder.add(digits, kind === "bytes" ? "ascii" : kind);
      }
      return;
    case "query":
      finder.addText(draft.text);
      return;
    case "subscribe":
      for (const text of draft.texts) finder.addText(text);
      return;
    case "unsubscribe":
  }
}

function template(
  draft: Draft,
  bytes: Uint8Array,
  idForm: IdForm,
  set: Uint8Array | string | undefined,
): Template {
  const isText = idForm !== "u32";
  const finder = new HoleFinder(bytes, isText);
  addHoles(finder, draft, isText);
  if (typeof set === "string") {
    const at = mustFind(bytes, set) + set.length - 1;
    finder.holes.push({ at, length: 1, kind: "set", isText });
  } else if (set !== undefined) finder.add(set, "set");
  const idText = idForm === "hex" ? Buffer.from(u32Bytes(idMark)).toString("hex") : `${idMark}`;
  return {
    bytes,
    isText,
    reach: reachOf(draft),
    isAnswered: true,
    idAt: mustFind(bytes, isText ? idText : u32Bytes(idMark)),
    idForm,
    holes: finder.holes,
  };
}

/** A draft as messages of v2 and v3. */
export function v2Templates(draft: Draft): Template[] {
  const writer = new Writer();
  let hasSet = false;
  switch (draft.kind) {
    case "call": {
      const write = draft.isProcedure ? writeCallProcedure : writeCallReducer;
      write(writer, idMark, draft.name, draft.args);
      break;
    }
    case "query":
      writeOneOffQuery(writer, idMark, draft.text);
      break;
    case "subscribe":
      writeSubscribe(writer, idMark, setMark, draft.texts);
      hasSet = true;
      break;
    case "unsubscribe":
      writeUnsubscribe(writer, idMark, setMark, draft.isLoud);
      hasSet = true;
  }
  return [template(draft, writer.finish(), "u32", hasSet ? u32Bytes(setMark) : undefined)];
}

function v1Messages(draft: Exclude<Draft, CallDraft>): V1ClientMessage[] {
  const ids = { requestId: idMark, queryId: setMark };
  switch (draft.kind) {
    case "query":
      return [{ kind: "oneOffQuery", messageId: u32Bytes(idMark), query: draft.text }];
    case "subscribe": {
      const { texts: queries } = draft;
      const several: V1ClientMessage[] = [
        { kind: "subscribeMulti", ...ids, queries },
        { kind: "subscribe", requestId: idMark, queries },
      ];
      return queries.length === 1
        ? [{ kind: "subscribeSingle", ...ids, queries }, ...several]
        : several;
    }
    case "unsubscribe":
      return [{ kind: draft.isLoud ? "unsubscribe" : "unsubscribeMulti", ...ids }];
  }
}

function v1Call(draft: CallDraft): V1ClientMessage {
  const { isProcedure, name, isSilent } = draft;
  const kind = isProcedure ? "callProcedure" : "callReducer";
  const args = { argsStart: 0, argsEnd: 0, argsJson: undefined };
  return { kind, requestId: idMark, name, ...args, isSilent };
}

function answered(draft: Draft, made: Template): Template {
  return { ...made, isAnswered: draft.kind !== "call" || !draft.isSilent };
}

/** A draft as messages of v1 in binary frames. */
export function v1Templates(draft: Draft): Template[] {
  const messages = draft.kind === "call" ? [v1Call(draft)] : v1Messages(draft);
  return messages.map((message) => {
    const writer = new Writer();
    writeV1ClientMessage(writer, message, draft.kind === "call" ? draft.args : undefined);
    const set = "queryId" in message ? u32Bytes(setMark) : undefined;
    return answered(draft, template(draft, writer.finish(), "u32", set));
  });
}

/** What a message of v1 is as JSON; the id of a query is one digit. */
function v1Json(message: V1ClientMessage, draft: Draft): object {
  const query_id = { id: 0 };
  switch (message.kind) {
    case "callReducer":
    case "callProcedure": {
      const args = draft.kind === "call" ? draft.json : "";
      const call = { args, request_id: idMark, flags: message.isSilent ? 1 : 0 };
      return message.kind === "callReducer"
        ? { CallReducer: { reducer: message.name, ...call } }
        : { CallProcedure: { procedure: message.name, ...call } };
    }
    case "oneOffQuery": {
      const message_id = Buffer.from(message.messageId).toString("hex");
      return { OneOffQuery: { message_id, query_string: message.query } };
    }
    case "subscribe":
      return { Subscribe: { query_strings: message.queries, request_id: idMark } };
    case "subscribeSingle": {
      const [query] = message.queries;
      return { SubscribeSingle: { query, request_id: idMark, query_id } };
    }
    case "subscribeMulti":
      return {
        SubscribeMulti: { query_strings: message.queries, request_id: idMark, query_id },
      };
    case "unsubscribe":
      return { Unsubscribe: { request_id: idMark, query_id } };
    case "unsubscribeMulti":
      return { UnsubscribeMulti: { request_id: idMark, query_id } };
  }
}

/** A draft as messages of v1 in text frames. */
export function v1JsonTemplates(draft: Draft): Template[] {
  const messages = draft.kind === "call" ? [v1Call(draft)] : v1Messages(draft);
  return messages.map((message) => {
    const bytes = utf8.encode(JSON.stringify(v1Json(message, draft)));
    const idForm = message.kind === "oneOffQuery" ? "hex" : "digits";
    const set = "queryId" in message ? '"query_id":{"id":0' : undefined;
    return answered(draft, template(draft, bytes, idForm, set));
  });
}
