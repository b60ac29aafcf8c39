/** What is served beside the API: the routes of the page. */

import type { Route } from "../../shared/api/serve-api.ts";

export const pages: readonly Route[] = [];
