"""Medians, their intervals, and the line that is printed about them."""
import random
import statistics


def interval(values, level=0.90, draws=2000):
    """Of the median, by drawing again from what was measured; always the same for the same values."""
    lot = random.Random(1)
    medians = sorted(statistics.median(lot.choices(values, k=len(values))) for _ in range(draws))
    cut = int(draws * (1 - level) / 2)
    return medians[cut], medians[-1 - cut]


def seconds(value):
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def middle(values):
    return statistics.median(values)


def line(row, ours, peer, peer_name, goal, floor=None, note=""):
    """One row of pairs: the ratio is taken pair by pair, because both met the same load. The floor is what no way of doing it can
    do without on this machine, measured in the same pairs."""
    ratios = [a / b for a, b in zip(ours, peer)]
    ratio = statistics.median(ratios)
    low, high = interval(ratios)
    aim = "no goal" if goal is None else f"goal <= {goal:.2f}  {'reaches' if ratio <= goal else 'falls short'}"
    words = [f"{len(ratios)} pairs"]
    if floor:
        words.append(f"floor {seconds(statistics.median(floor))}, {statistics.median(a / b for a, b in zip(floor, peer)):.3f}")
    if note:
        words.append(note)
    print(f"{row:<26} ours {seconds(statistics.median(ours)):>9}  {peer_name} {seconds(statistics.median(peer)):>9}  "
          f"ratio {ratio:.3f} [{low:.3f}, {high:.3f}]  {aim}  ({'; '.join(words)})", flush=True)
    return ratio


def single(row, value, unit, goal, note=""):
    verdict = "reaches" if value <= goal else "falls short"
    print(f"{row:<26} {value:.3f} {unit}  goal <= {goal:g}  {verdict}{'  ' + note if note else ''}", flush=True)
