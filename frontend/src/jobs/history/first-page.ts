/** The first page of the history, as pages name it before their code is there. */
import { API_URL } from "@/api/client";

/** More than a window full of jobs with one picture each. */
export const FIRST_PAGE_JOBS = 24;

/** Address of the first call without a filter, letter for letter as the page sends it: the HTML names it as a preload,
 * so that the browser sends it while the page's code is on its way. */
export const FIRST_PAGE_ADDRESS = `${API_URL}/api/history?limit=${FIRST_PAGE_JOBS}`;
