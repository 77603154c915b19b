/** What the history shows first. */
import { API_URL } from "@/api/client";

/** More than a window full of jobs with one picture each. */
export const FIRST_PAGE_JOBS = 24;

/** Of the call for it without a filter, letter for letter as the page makes it: then the browser asks while the page's
 * code is on its way, and the call finds the answer there. */
export const FIRST_PAGE_ADDRESS = `${API_URL}/api/history?limit=${FIRST_PAGE_JOBS}`;
