"""What is asked of every page, in JavaScript; each answers with what is wrong."""

TOO_WIDE = """() => {
  const wide = document.documentElement.clientWidth + 2;
  return [...document.querySelectorAll('[data-testid=stMain] *')]
    .filter(e => e.getBoundingClientRect().width > 0 && e.getBoundingClientRect().right > wide)
    .filter(e => !e.closest('[data-testid=stDataFrame], .js-plotly-plot, [data-testid=stCode], input'))
    .map(e => `${e.tagName} ${e.className} ${e.textContent.slice(0, 40)}`).slice(0, 5)
}"""

CLIPPED = """() => [...document.querySelectorAll('[data-testid=stMain]')]
    .flatMap(main => [...main.querySelectorAll('h1, h2, p')])
    .filter(e => e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).overflow !== 'visible')
    .filter(e => !e.closest('[data-testid=stSelectbox], button'))
    .map(e => e.textContent.slice(0, 60))
"""

CHART_TEXT_OUTSIDE = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => {
  const frame = plot.getBoundingClientRect();
  return [...plot.querySelectorAll('.annotation-text')]
    .filter(e => { const b = e.getBoundingClientRect(); return b.left < frame.left - 3 || b.right > frame.right + 3 })
    .map(e => e.textContent)
})"""
