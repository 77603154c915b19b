/** What the create page asks for first, as its HTML names it before its code is there. */
import { API_URL } from "./client";

export const CATALOG_ADDRESSES = [`${API_URL}/api/options`, `${API_URL}/api/loras`];
