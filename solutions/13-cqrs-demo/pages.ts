/** What is served beside the API: the routes of the page. Given. */

import type { Route } from "../../shared/api/serve-api.ts";
import { pageRoutes } from "../../shared/time-machine/page-routes.ts";

export const pages: readonly Route[] = pageRoutes();
