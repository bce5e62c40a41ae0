// format writes a number in a few digits.
export function format(x) {
  if (x === null || x === undefined) return "no number";
  const size = Math.abs(x);
  if (size === 0) return "0";
  if (size >= 1e5 || size < 1e-3) return x.toExponential(1).replace("e+", "e");
  return String(Number(x.toPrecision(3)));
}
