  /* theme and print */
  var themeButton = el('theme'), printButton = el('print'), system = matchMedia('(prefers-color-scheme: dark)');
  function stored(value) {
    try {
      if (value === undefined) { return localStorage.getItem('scorecard-theme'); }
      localStorage.setItem('scorecard-theme', value);
    } catch (refused) { return null; }
    return value;
  }
  function isDark() { return root.dataset.theme ? root.dataset.theme === 'dark' : system.matches; }
  function nameTheme() { themeButton.textContent = isDark() ? words.light : words.dark; }
  if (stored() === 'dark' || stored() === 'light') { root.dataset.theme = stored(); }
  themeButton.hidden = printButton.hidden = false;
  themeButton.onclick = function () { root.dataset.theme = isDark() ? 'light' : 'dark'; stored(root.dataset.theme); nameTheme(); };
  printButton.onclick = function () { print(); };
  system.addEventListener('change', nameTheme);
  nameTheme();
