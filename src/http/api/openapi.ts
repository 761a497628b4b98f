/**
 * Owns the OpenAPI description of everything that is served. In: the API's routes with their schemas, and the few paths that
 * are no JSON API. Out: an OpenAPI 3.1 document. Loaded by document.ts alone, when it is first asked for.
 * @module
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import { Hono } from "hono";
import {
  describeRoute,
  type DescribeRouteOptions,
  generateSpecs,
  loadVendor,
  resolver,
  validator,
} from "hono-openapi";
import type { GenericSchema } from "valibot";
import { FORMAT_TYPES } from "../negotiate.ts";
import { GROUP_PARAMETER } from "../scrape.ts";
import type { DocumentOptions } from "./document.ts";
import type { ApiRoute } from "./routes.ts";
import { OBJECTS, Problem, Sample, TableSummary } from "./schemas.ts";

type Responses = NonNullable<DescribeRouteOptions["responses"]>;

/** What the document names, and refers to by name. */
const NAMED = {
  Map: OBJECTS.map,
  Program: OBJECTS.program,
  Link: OBJECTS.link,
  Btf: OBJECTS.btf,
  Table: TableSummary,
  Sample,
  Problem,
};

loadVendor("valibot", {
  toJSONSchema: jsonSchema,
  toOpenAPISchema: jsonSchema,
});

/** Parameters are described as what they stand for, a number and not its digits; in answers the two are the same. */
function jsonSchema(schema: unknown): Record<string, unknown> {
  const { $schema: _, ...rest } = toJsonSchema(schema as GenericSchema, {
    typeMode: "output",
    errorMode: "ignore",
    definitions: NAMED,
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  });
  return rest;
}

export async function openApiDocument(
  { routes, metricGroups, version }: DocumentOptions,
): Promise<object> {
  const app = new Hono();
  for (const route of routes) {
    const { path, query, params } = route;
    app.get(path, describeRoute(describe(route)), validator("query", query));
    if (params !== undefined) app.get(path, validator("param", params));
  }
  describePages(app, metricGroups);
  const document = await generateSpecs(app, {
    documentation: {
      info: {
        title: "bpfpulse",
        version,
        description:
          "Every eBPF object of this machine. 64-bit values of the kernel are strings; what is not known is absent.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
    },
    excludeStaticFile: false,
    defaultValidationErrorResponse: false,
  });
  return document;
}

function describe(route: ApiRoute): DescribeRouteOptions {
  const { summary, answer, params } = route;
  return {
    summary,
    responses: {
      200: answer === undefined ? other(route) : {
        description: summary,
        headers: { ETag: ETAG },
        content: { "application/json": { schema: resolver(answer) } },
      },
      304: { description: "What If-None-Match names still stands" },
      ...problems(400, 401, 405, 413, 429, 503),
      ...(params === undefined ? {} : problems(404)),
    },
  };
}

const ETAG = {
  description: "For If-None-Match; the same until the next sample",
  schema: { type: "string" },
} as const;

/** The stream, and this document. */
function other({ path, summary }: ApiRoute): Responses[string] {
  return path === "/openapi.json"
    ? {
      description: summary,
      content: { "application/json": { schema: { type: "object" } } },
    }
    : {
      description:
        "Events named `sample`, each with an id; their data is a Sample. Comments keep the connection open.",
      content: { "text/event-stream": { schema: { type: "string" } } },
    };
}

function problems(
  ...statuses: readonly (keyof typeof PROBLEMS)[]
): Responses {
  return Object.fromEntries(statuses.map((status) => [status, {
    description: PROBLEMS[status],
    content: { "application/problem+json": { schema: resolver(Problem) } },
  }]));
}

const PROBLEMS = {
  400: "A parameter is not what was expected",
  401: "The agent wants a bearer token, and this is not it",
  404: "There is no such object",
  405: "Another method than GET and HEAD",
  413: "A body was sent",
  429: "As many of these are being answered as may; Retry-After says when",
  503: "Not there, or not yet",
} as const;

/** What is served beside the API. */
function describePages(app: Hono, metricGroups: readonly string[]): void {
  page("/", "This agent's state for people", ["text/html"]);
  page("/metrics", "Every metric", Object.values(FORMAT_TYPES), {
    parameters: [{
      in: "query",
      name: GROUP_PARAMETER,
      description: "narrows the page to these groups of metrics",
      schema: {
        type: "array",
        items: { type: "string", enum: [...metricGroups] },
      },
    }],
  });
  page("/healthz", "Whether the process can serve", ["text/plain"], {
    failing: "text/plain",
  });
  page("/readyz", "Whether what is served is complete", ["application/json"], {
    failing: "application/json",
  });

  function page(
    path: string,
    summary: string,
    types: readonly string[],
    more: {
      readonly parameters?: NonNullable<DescribeRouteOptions["parameters"]>;
      /** Type of the answer with 503. */
      readonly failing?: string;
    } = {},
  ): void {
    const { parameters, failing } = more;
    const of = (types: readonly string[]) =>
      Object.fromEntries(types.map((type) => [type, {
        schema: type === "application/json"
          ? { type: "object" as const }
          : { type: "string" as const },
      }]));
    app.get(
      path,
      describeRoute({
        summary,
        ...(parameters === undefined ? {} : { parameters }),
        responses: {
          200: { description: summary, content: of(types) },
          ...problems(400, 401, 405, 413, 429),
          ...(failing === undefined ? {} : {
            503: { description: "No, and why", content: of([failing]) },
          }),
        },
      }),
    );
  }
}
