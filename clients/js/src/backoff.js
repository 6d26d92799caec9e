/**
 * How long to wait before the next try, in milliseconds: anything up to a ceiling that doubles with each try in vain.
 *
 * Many pages that lost one server must not all come back in the same moment.
 */
export function fullJitter(tries, { first, longest }, chance = Math.random) {
  return chance() * Math.min(longest, first * 2 ** tries);
}
