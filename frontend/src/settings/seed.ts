/** Seeds as people and other tools write them, by the server's rules (server/generation/requests.py). */

const MAX_WRITTEN_SEED = 2n ** 64n - 1n;

/** The seed that the server uses: of one from 2^32 on the lower 32 bits, as torch's CPU generator. Undefined for -1, which
 * is random, and for a text that is no seed. */
export function seedOf(text: string): number | undefined {
  const digits = /^(\d{1,20})(?:\.0*)?$/.exec(text.trim())?.[1];
  const written = digits === undefined ? undefined : BigInt(digits);
  return written === undefined || written > MAX_WRITTEN_SEED ? undefined : Number(BigInt.asUintN(32, written));
}
