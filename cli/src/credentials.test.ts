import { test } from "tap";
import { tokenOf } from "../test/fake-server.ts";
import { identityOfToken } from "./credentials.ts";

void test("whose a token is", (t) => {
  // http-and-auth.md, appendix A.
  const alice = "c20035600353a2e93544d898c6ed0eac323e200c0468300f22958f8b472a265d";
  t.equal(identityOfToken(tokenOf("alice")), alice);
  const user = "c2008acc5c3458231fe297e178b75c5ac86196c9097e82d680e7a7cfc2f75173";
  t.equal(identityOfToken(tokenOf("user-1", "https://auth.example.com")), user);
  for (const text of [
    "",
    "a.b",
    "a.b.c",
    "a.bnVsbA.c",
    `Bearer ${tokenOf("x").replaceAll(".", "")}`,
  ]) {
    t.throws(() => identityOfToken(text), { exit: "usage", message: /JSON Web Token/ }, text);
  }
  t.end();
});
