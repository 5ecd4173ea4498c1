// The OpenAPI 3.1 document of the HTTP API, made from the table of routes.
import type { Route } from "../router.ts";
import { hostVersion } from "../version.ts";
import { answersOf } from "./answers.ts";
import { type AnswerDescription, identityHex, type Schema, string } from "./description.ts";

/** The document, as far as this file fills it. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, unknown>> };
  readonly tags: readonly { readonly name: string }[];
}

type PathItem = Readonly<Record<string, Operation>>;

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly DocumentParameter[];
  readonly requestBody?: {
    readonly description: string;
    readonly required: boolean;
    readonly content: Content;
  };
  readonly responses: Readonly<Record<string, DocumentResponse>>;
}

interface DocumentParameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly description: string;
  readonly schema: Schema;
}

interface DocumentResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { description: string; schema: Schema }>>;
  readonly content?: Content;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

/** What elements of paths are, by name. */
const pathParameters: Readonly<Record<string, { description: string; schema: Schema }>> = {
  db: { description: "Name or identity of a database", schema: string },
  identity: { description: "An identity", schema: identityHex },
  function: { description: "Name of a reducer or a procedure", schema: string },
  rest: { description: "The rest of the path, which may have several elements", schema: string },
};

const callerHeaders: Readonly<Record<string, string>> = {
  "spacetime-identity": "The caller's identity; a new one if no token was given",
  "spacetime-identity-token": "A token for that identity",
};

/** A route that takes every method is described by those that clients send. */
const methodsOfAny = ["get", "put", "post", "delete", "patch"] as const;

const securityOf = {
  ignored: [],
  optional: [{}, { bearer: [] }, { queryToken: [] }],
  required: [{ bearer: [] }, { queryToken: [] }],
} as const;

const securitySchemes = {
  bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
  queryToken: {
    type: "apiKey",
    in: "query",
    name: "token",
    description: "Looked at where there is no Authorization header: some clients cannot set one",
  },
};

/** The path's elements in the document's spelling: parameters in braces, the rest of a path as one. */
function documentPath(path: string): string {
  return path.replace(/:([a-z]+)/g, "{$1}").replace(/\*$/, "{rest}");
}

/** A name for code generators: the method and the fixed elements of the path. */
function operationId(method: string, path: string): string {
  const words = path
    .replace(/^\/v1\/|:[a-z]+/g, "")
    .split(/[^a-z]+/i)
    .filter((word) => word !== "");
  const isRest = path.endsWith("*") ? ["Rest"] : [];
  return [method, ...words.map((word) => word[0]?.toUpperCase() + word.slice(1)), ...isRest].join(
    "",
  );
}

function parametersOf({ path, query = [] }: Route): DocumentParameter[] {
  const names = [...documentPath(path).matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name as string);
  const inPath = names.map((name): DocumentParameter => {
    const { description, schema } = pathParameters[name] ?? { description: name, schema: string };
    return { name, in: "path", required: true, description, schema };
  });
  const inQuery = query.map(({ name, description, schema, isRequired = false }) => {
    return { name, in: "query", required: isRequired, description, schema } as const;
  });
  return [...inPath, ...inQuery];
}

function response(
  { description, content, headers }: AnswerDescription,
  hasCaller: boolean,
): DocumentResponse {
  const named = Object.entries({ ...(hasCaller ? callerHeaders : {}), ...headers });
  const types = Object.entries(content);
  return {
    description,
    ...(named.length > 0 && {
      headers: Object.fromEntries(
        named.map(([name, about]) => [name, { description: about, schema: string }]),
      ),
    }),
    ...(types.length > 0 && {
      content: Object.fromEntries(types.map(([type, schema]) => [type, { schema }])),
    }),
  };
}

function operation(route: Route, method: string): Operation {
  const { summary, access, credentials, body } = route;
  const responses = Object.entries(answersOf(route)).map(([status, answer]) => [
    status,
    response(answer, credentials === "optional"),
  ]);
  return {
    operationId: operationId(method, route.path),
    tags: [tagOf(route)],
    summary,
    ...(access === "owner" && { description: "For the owner of the database alone." }),
    security: securityOf[credentials],
    parameters: parametersOf(route),
    ...(body !== undefined && {
      requestBody: {
        description: body.description,
        required: body.isRequired,
        content: { [body.contentType]: { schema: body.schema } },
      },
    }),
    responses: Object.fromEntries(responses) as Record<string, DocumentResponse>,
  };
}

function tagOf({ path }: Route): string {
  return path.split("/")[2] as string;
}

/** Describes routes, in the order of the table. */
export function openApiDocument(routes: readonly Route[]): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const item = (paths[documentPath(route.path)] ??= {});
    const methods = route.method === "ANY" ? methodsOfAny : [route.method.toLowerCase()];
    for (const method of methods) item[method] = operation(route, method);
  }
  const tags = [...new Set(routes.map(tagOf))].map((name) => ({ name }));
  return {
    openapi: "3.1.0",
    info: {
      title: "Lightcone",
      version: hostVersion,
      description: "The HTTP API of a Lightcone host. Errors are text unless said otherwise.",
    },
    paths,
    components: { securitySchemes },
    tags,
  };
}
