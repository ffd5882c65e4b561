"""What a buyer tries on the first day, each as a seeded test; the number in a file's name is that of the scenario.

========  ===========================================================  =================================================
scenario  the buyer brings                                             here
========  ===========================================================  =================================================
1         a month of shift workbooks as they are                       ``test_01_workbooks.py``
2         a weightometer 3 % high in a month; 1 % for a year           ``test_02_weightometer.py``
3         two samples swapped                                          ``test_03_samples.py``
11        half of the concentrate is a third party's                   ``test_11_tolling.py``
========  ===========================================================  =================================================
"""
