/* Structures by value: what is measured is how they get there and back. */
typedef struct {
  int count;
  float ratio;
  double sum;
  short small;
} mixed;

double sum(mixed value) { return value.count + value.ratio + value.sum + value.small; }

mixed turn(mixed value) {
  return (mixed){value.small, (float)value.sum, value.ratio, (short)value.count};
}
