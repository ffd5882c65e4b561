"""What a buyer tries on the first day, each as a seeded test; the number in a file's name is that of the scenario.

========  ======================================================  ==================================================
scenario  the buyer brings                                        where
========  ======================================================  ==================================================
1         a month of shift workbooks as they are                  ``test_01_workbooks.py``
2         a weightometer 3 % high in a month; 1 % for a year      ``test_02_weightometer.py``
3         two samples swapped                                     ``test_03_samples.py``
8         a power cut at any moment of the close                  ``unit/chain/test_close_killed.py``
9         two accountants edit one period; self-approval          ``unit/chain/test_desk.py``
10        an umpire assay after the close                         ``unit/chain/test_umpire_assay.py``
11        half of the concentrate is a third party's              ``test_11_tolling.py``
12        89 instruments with an expired verification             ``against/test_march_quality.py``,
                                                                  ``unit/chain/test_authorising.py``
14        a supplier over-assays when one sampler works           ``unit/quality/test_suppliers.py``
15        the inspector with an archive and a public key          ``unit/chain/test_period_archive.py``
17        a stocktake with 300 t less than the book               ``unit/chain/test_stocktake.py``
========  ======================================================  ==================================================
"""
