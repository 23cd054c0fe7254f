"""Speed, memory and studies on real data: `python -m benchmarks` runs the speed table against peers."""
