// What benchmarks ask a host over HTTP, as one identity.

export class HostApi {
  readonly address: string;
  readonly token: string;

  private constructor(address: string, token: string) {
    this.address = address;
    this.token = token;
  }

  /** A new identity at the host of this address. */
  static async open(address: string): Promise<HostApi> {
    const identity = (await request(address, "", "POST", "/v1/identity")) as { token: string };
    return new HostApi(address, identity.token);
  }

  /** The answer's JSON, if it has a body; a text is sent as JSON. Rejects where the host refuses. */
  request(method: string, path: string, body?: string | Uint8Array): Promise<unknown> {
    return request(this.address, this.token, method, path, body);
  }
}

async function request(
  address: string,
  token: string,
  method: string,
  path: string,
  body?: string | Uint8Array,
): Promise<unknown> {
  const response = await fetch(`http://${address}${path}`, {
    method,
    headers: {
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      ...(typeof body === "string" ? { "content-type": "application/json" } : {}),
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}
