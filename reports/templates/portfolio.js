(function () {
  'use strict';
  var root = document.documentElement;
  var words = JSON.parse(document.getElementById('data').textContent).words;
  function el(id) { return document.getElementById(id); }

{% include "theme.js" %}

  /* the list of clients */
  var body = el('rows');
  if (!body) { return; }
  var search = el('f-q'), grade = el('f-grade'), show = el('f-show'), result = el('result'), clear = el('clear');
  function fold(text) { return text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase(); }
  var heads = Array.prototype.slice.call(document.querySelectorAll('#clients th[data-sort]'));
  var columns = heads.map(function (head) { return head.dataset.sort; });
  var rows = Array.prototype.map.call(body.rows, function (row, place) {
    return { row: row, place: place, name: fold(row.cells[0].textContent), show: row.dataset.show.split(' ') };
  });
  var sorting = { key: '', down: false }, timer = 0, quiet = false;
  function matches(item) {
    return item.name.indexOf(fold(search.value.trim())) !== -1 &&
      (!grade.value || item.row.dataset.grade === grade.value) &&
      (!show.value || item.show.indexOf(show.value) !== -1);
  }
  function apply() {
    var shown = 0, filtered = search.value.trim() || grade.value || show.value;
    rows.forEach(function (item) {
      var fits = matches(item);
      item.row.hidden = !fits;
      if (fits) { shown += 1; }
    });
    result.textContent = (filtered ? words.shown : rows.length === 1 ? words.all_one : words.all).replace('{n}', shown).replace('{of}', rows.length);
    clear.hidden = !filtered;
  }
  function keyOf(item) {
    if (!sorting.key) { return item.place; }
    if (sorting.key === 'name') { return item.name; }
    var value = item.row.cells[columns.indexOf(sorting.key)].dataset.v;
    return sorting.key === 'grade' ? value : value === '' ? null : Number(value);
  }
  function sort() {
    var sign = sorting.down ? -1 : 1;
    rows.slice().sort(function (one, other) {
      var a = keyOf(one), b = keyOf(other);
      if (a === null || b === null) { return (a === null) - (b === null) || one.place - other.place; }
      return (a < b ? -1 : a > b ? 1 : 0) * sign || one.place - other.place;
    }).forEach(function (item) { body.appendChild(item.row); });
    heads.forEach(function (head) {
      if (head.dataset.sort === sorting.key) {
        head.setAttribute('aria-sort', sorting.down ? 'descending' : 'ascending');
      } else { head.removeAttribute('aria-sort'); }
    });
  }
  function write() {
    var pairs = [['q', search.value.trim()], ['grade', grade.value], ['show', show.value], ['sort', sorting.key && (sorting.down ? '-' : '') + sorting.key]];
    var query = pairs.filter(function (pair) { return pair[1]; }).map(function (pair) {
      return pair[0] + '=' + encodeURIComponent(pair[1]);
    }).join('&');
    quiet = true;
    history.replaceState(null, '', '#clients' + (query ? '?' + query : ''));
    quiet = false;
  }
  function option(select, value) {
    select.value = Array.prototype.some.call(select.options, function (known) { return known.value === value; }) ? value : '';
  }
  function read(query) {
    var given = new URLSearchParams(query), wanted = given.get('sort') || '';
    search.value = (given.get('q') || '').slice(0, 255);
    option(grade, given.get('grade') || '');
    option(show, given.get('show') || '');
    sorting.down = wanted.charAt(0) === '-';
    wanted = wanted.replace(/^-/, '');
    sorting.key = columns.indexOf(wanted) === -1 ? '' : wanted;
    sort();
    apply();
  }
  function follow() {
    var hash = location.hash.slice(1), query = hash.indexOf('?');
    if (!quiet && hash.indexOf('clients') === 0) { read(query === -1 ? '' : hash.slice(query + 1)); }
  }
  el('controls').hidden = false;
  document.querySelectorAll('a[data-filter]').forEach(function (link) { link.href = '#clients?' + link.dataset.filter; });
  heads.forEach(function (head) {
    var button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.textContent = '';
    head.appendChild(button);
    button.onclick = function () {
      var key = head.dataset.sort;
      sorting.down = sorting.key === key && !sorting.down;
      sorting.key = key;
      sort(); write();
      result.textContent = words.sorted.replace('{column}', button.textContent);
    };
  });
  [grade, show].forEach(function (select) { select.onchange = function () { apply(); write(); }; });
  search.oninput = function () {
    clearTimeout(timer);
    timer = setTimeout(function () { apply(); write(); }, 80);
  };
  search.onkeydown = function (event) { if (event.key === 'Escape') { search.value = ''; apply(); write(); } };
  clear.onclick = function () { read(''); write(); search.focus(); };
  addEventListener('keydown', function (event) {
    var typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); search.focus(); }
  });
  addEventListener('hashchange', follow);
  read('');
  follow();
})();
